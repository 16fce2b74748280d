import CoordinatorClient
import FoundationEssentials
import Glibc
import PrintableText
import RunProtocol
import TerminalViews

/// Shows how far a run is: a picture that is drawn again and again where a terminal is, else a plain line for each thing
/// that happened, and one every ten seconds in which nothing did. It writes to standard error, so that standard output has results only.
struct ProgressPrinter {
    private let isQuiet: Bool
    private var terminal: Terminal?
    private var printed = 0
    private var shown: RunStatus?
    private let start = ContinuousClock.now
    private var lastLine = (time: ContinuousClock.now, text: "")

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        terminal = isQuiet ? nil : Terminal(STDERR_FILENO)
    }

    /// Whether it wants to be called every second, and with the workers.
    var isLive: Bool { terminal != nil }

    mutating func show(_ status: RunStatus, workers: [WorkerStatus]) {
        shown = status
        guard !isQuiet else { return }
        guard !isLive else { return draw(status, workers: workers) }
        let lines = Self.events(of: status)
        guard printed < lines.count else { return showStanding(of: status) }
        for line in lines[printed...] { FileHandleOutput.standardError(line + "\n") }
        printed = lines.count
        lastLine.time = .now
    }

    /// Says where the run stands, unless that has just been said.
    private mutating func showStanding(of status: RunStatus) {
        guard !status.state.isFinal, .now - lastLine.time >= .seconds(10) else { return }
        var text = status.reason.map { "\(status.state.rawValue): \($0.printable(atMost: 300))" }
        if text == nil, let stage = status.stages.first(where: { $0.state == .running }) {
            text =
                "\(stage.name.printable()), round \(stage.round) of \(stage.rounds):"
                + " \(stage.tasksDone) of \(stage.tasks) tasks done"
        }
        let line = text ?? "\(status.state.rawValue): \(Figure.duration((.now - start) / .seconds(1)))"
        guard line != lastLine.text else { return }
        FileHandleOutput.standardError(line + "\n")
        lastLine = (.now, line)
    }

    /// Says why nothing new is known.
    mutating func show(_ problem: String, workers: [WorkerStatus]) {
        guard !isQuiet else { return }
        guard isLive, let shown else { return FileHandleOutput.standardError(problem + "\n") }
        draw(shown, workers: workers, notice: problem)
    }

    private mutating func draw(_ status: RunStatus, workers: [WorkerStatus], notice: String? = nil) {
        let screen = WatchScreen(
            status, workers: status.state.isFinal ? [] : workers, time: Date().timeIntervalSince1970, notice: notice)
        terminal?.draw { screen.lines(in: $0) }
    }

    /// All that has happened so far, a line each; more lines come only at the end.
    private static func events(of status: RunStatus) -> [String] {
        var lines: [String] = []
        for stage in status.stages where stage.state != .waiting {
            for record in stage.history { if let line = line(record, of: stage) { lines.append(line) } }
            guard stage.state == .finished else { break }
            let time = stage.duration.map { " after \($0.formatted(decimals: 1)) s" } ?? ""
            let note = stage.note.map { ": \($0.printable(atMost: 300))" } ?? ""
            lines.append("\(stage.name.printable()) finished\(time)\(note)")
        }
        return lines
    }

    /// A round's line once all of it is known: with what the stage is judged by, where it is judged by something.
    private static func line(_ record: RoundRecord, of stage: StageStatus) -> String? {
        let isKnown = stage.primary.map { record.metrics[$0.name] != nil } ?? (record.duration != nil)
        guard isKnown, !stage.isCollected else { return nil }
        let (name, isFirst) = (stage.name.printable(), record.round == 0)
        var parts = stage.metrics.compactMap { metric -> String? in
            guard let text = metric.text(in: record, of: stage) else { return nil }
            // Before the first round, what values are to be compared with, and in what unit; then how they compare.
            guard !isFirst else { return metric.phrase == nil ? text.printable() : nil }
            guard !stage.isBaseline(metric) else { return nil }
            let ratio = record.ratio(of: metric).map { " (\($0.formatted(decimals: 3)) \(metric.ratio ?? ""))" }
            return (text + (ratio ?? "")).printable()
        }
        guard !isFirst else {
            let unit = stage.primary?.unit.map { " (\($0.text.printable(atMost: 100)))" } ?? ""
            return "\(name), before round 1: \(parts.joined(separator: ", "))\(unit)"
        }
        if let seconds = record.duration {
            let speed = Double(record.samples) / max(seconds, 0.001)
            parts += ["\(seconds.formatted(decimals: 1)) s", "\(speed.formatted(decimals: 0)) samples/s"]
        }
        return "\(name), round \(record.round) of \(stage.rounds): \(parts.joined(separator: ", "))"
    }
}

extension RunStatus {
    /// Such as `2 workers`.
    var workersText: String { workers == 1 ? "1 worker" : "\(workers) workers" }
}

extension HTTPConnection {
    /// Shows a run's progress until it has ended. The coordinator may be gone for a while: it goes on where it was.
    func follow(_ run: RunID, isQuiet: Bool) throws -> RunStatus {
        let farewell = Farewell("\(run) goes on: `cairn watch \(run)` shows it, `cairn cancel \(run)` ends it")
        defer { withExtendedLifetime(farewell) {} }
        var printer = ProgressPrinter(isQuiet: isQuiet)
        var status = try status(of: run)
        var workers: [WorkerStatus] = []
        var workersAreOld = ContinuousClock.now
        while true {
            printer.show(status, workers: workers)
            guard !status.state.isFinal else { return status }
            do {
                if printer.isLive, workersAreOld <= .now {
                    workers = try information().workers
                    workersAreOld = .now + .seconds(1)
                    printer.show(status, workers: workers)
                }
                status = try self.status(of: run, after: status.revision, waitSeconds: printer.isLive ? 1 : 10)
                // A run may change faster than anybody reads.
                if printer.isLive { usleep(100_000) }
            } catch let error as ConnectionError {
                printer.show("\(error); trying again", workers: workers)
                sleep(1)
            }
        }
    }
}
