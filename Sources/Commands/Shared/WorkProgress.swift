import Dispatch
import Glibc
import Synchronization
import TerminalViews

/// How far work is that takes longer than a moment, on standard error: where that is a terminal a bar, which is gone when the
/// work is done; elsewhere a line every ten seconds.
final class WorkProgress: Sendable {
    private struct State {
        var terminal: Terminal?
        var done = 0
        var total: Int?
        var isOver: Bool
        let timer: any DispatchSourceTimer
    }

    private let state: Mutex<State>
    private let label: String
    private let unit: String?
    /// How long the work goes on, where that is known.
    private let seconds: Double?
    private let start = ContinuousClock.now

    /// - Parameters:
    ///   - unit: what is counted, such as `samples`; nil where nothing is: then the time is shown.
    ///   - total: nil where it is told later.
    ///   - seconds: how long the work goes on, where that is known.
    ///   - isQuiet: whether nothing is shown at all.
    init(_ label: String, unit: String? = nil, of total: Int? = nil, seconds: Double? = nil, isQuiet: Bool) {
        (self.label, self.unit, self.seconds) = (label, unit, seconds)
        let terminal = isQuiet ? nil : Terminal(STDERR_FILENO)
        let isLive = terminal != nil
        let timer = DispatchSource.makeTimerSource(queue: .global())
        // The one who works may come to nothing that can be counted for a long time.
        timer.schedule(
            deadline: .now() + (isLive ? .milliseconds(300) : .seconds(10)),
            repeating: isLive ? .milliseconds(100) : .seconds(10))
        state = Mutex(State(terminal: terminal, total: total, isOver: isQuiet, timer: timer))
        state.withLock { state in
            state.timer.setEventHandler { [weak self] in self?.show() }
            state.timer.activate()
        }
    }

    deinit { end() }

    /// Shows how long `work` takes.
    static func during<Result>(
        _ label: String, seconds: Double? = nil, isQuiet: Bool, _ work: () throws -> Result
    ) rethrows -> Result {
        let progress = WorkProgress(label, seconds: seconds, isQuiet: isQuiet)
        defer { progress.end() }
        return try work()
    }

    func advance(by count: Int) { state.withLock { $0.done += count } }
    func reach(_ done: Int, of total: Int?) { state.withLock { ($0.done, $0.total) = (done, total) } }

    private func show() {
        let passed = (ContinuousClock.now - start) / .seconds(1)
        state.withLock { state in
            guard !state.isOver else { return }
            let bar =
                if let unit, state.done > 0 {
                    ProgressBar(label, done: state.done, of: state.total, unit: unit, after: passed)
                } else {
                    ProgressBar(label, after: passed, of: seconds)
                }
            guard state.terminal != nil else { return FileHandleOutput.standardError(bar.text + "\n") }
            state.terminal?.draw { [bar.line(width: $0.columns)] }
        }
    }

    /// Takes the bar away, for good.
    func end() {
        state.withLock { state in
            state.timer.cancel()
            state.terminal?.erase()
            (state.terminal, state.isOver) = (nil, true)
        }
    }
}
