import FoundationEssentials
import Glibc
import RunProtocol

/// Shows how far a run is: one line that is drawn again where a terminal is, else a plain line for each thing that
/// happened. It writes to standard error, so that standard output has results only.
struct ProgressPrinter {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var printed = 0
    private var drewLine = false

    /// Shows what is new in `status`.
    mutating func show(_ status: RunStatus) {
        let lines = Self.events(of: status)
        if printed < lines.count {
            clear()
            for line in lines[printed...] { write(line + "\n") }
            printed = lines.count
        }
        guard isTerminal else { return }
        clear()
        guard !status.state.isFinal else { return }
        write(Self.line(status))
        drewLine = true
    }

    private mutating func clear() {
        if drewLine { write("\r\u{1B}[K") }
        drewLine = false
    }

    private func write(_ text: String) {
        FileHandleOutput.standardError(text)
    }

    /// All that has happened so far, a line each; more lines come only at the end.
    private static func events(of status: RunStatus) -> [String] {
        var lines: [String] = []
        for stage in status.stages where stage.state != .waiting {
            for record in stage.history { if let line = line(record, of: stage) { lines.append(line) } }
            guard stage.state == .finished else { break }
            let seconds = stage.startedAt.flatMap { start in stage.finishedAt.map { $0 - start } } ?? 0
            let note = stage.note.map { ": \($0)" } ?? ""
            lines.append("\(stage.name) finished after \(seconds.formatted(decimals: 1)) s\(note)")
        }
        return lines
    }

    /// A round's line once all of it is known.
    private static func line(_ record: RoundRecord, of stage: StageStatus) -> String? {
        guard let error = record.heldOutError else { return nil }
        guard record.round > 0, let seconds = record.seconds else {
            return "\(stage.name), before round 1: held-out error \(error.formatted(decimals: 3))"
        }
        let loss = record.loss.map { "loss \($0.formatted(decimals: 3)), " } ?? ""
        let share = record.activeShare.map { ", \(($0 * 100).formatted(decimals: 0)) % of the units active" } ?? ""
        let speed = (Double(record.samples) / max(seconds, 0.001)).formatted(decimals: 0)
        return "\(stage.name), round \(record.round) of \(stage.rounds): \(loss)held-out error"
            + " \(error.formatted(decimals: 3))\(share), \(seconds.formatted(decimals: 1)) s, \(speed) samples/s"
    }

    /// The line that is drawn again and again.
    private static func line(_ status: RunStatus) -> String {
        guard let stage = status.stages.first(where: { $0.state == .running }) else {
            return "\(status.name): \(status.state.rawValue)"
        }
        let share = Double(stage.tasksDone) / Double(max(stage.tasks, 1))
        let done = Int(20 * min(max(share, 0), 1))
        let bar = String(repeating: "█", count: done) + String(repeating: "░", count: 20 - done)
        var parts = ["\(stage.name) \(bar) round \(stage.round)/\(stage.rounds)"]
        parts.append("\(stage.tasksDone)/\(stage.tasks) tasks")
        if let loss = stage.history.last(where: { $0.loss != nil })?.loss {
            parts.append("loss \(loss.formatted(decimals: 3))")
        }
        if let speed = status.samplesPerSecond { parts.append("\(speed.formatted(decimals: 0)) samples/s") }
        parts.append(status.workersText)
        if let left = status.secondsLeft, stage.name.hasPrefix("layer") {
            parts.append("\(left.formatted(decimals: 0)) s left")
        }
        return parts.joined(separator: "  ")
    }
}

/// Text to a file descriptor at once, without a buffer.
enum FileHandleOutput {
    static func standardError(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

extension RunStatus {
    /// Such as `2 workers`.
    var workersText: String { workers == 1 ? "1 worker" : "\(workers) workers" }
}
