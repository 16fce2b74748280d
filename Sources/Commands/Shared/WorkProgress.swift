import Glibc
import TerminalViews

/// A bar on standard error, where that is a terminal, for work that takes longer than a moment. It is gone when the work
/// is done.
final class WorkProgress {
    private var terminal: Terminal?
    private let label: String
    private let unit: String
    private var total: Int?
    private var done = 0
    private let start = ContinuousClock.now
    private var nextDrawing: ContinuousClock.Instant

    /// - Parameters:
    ///   - unit: what is counted, such as `samples`.
    ///   - total: nil where it is told later.
    ///   - isQuiet: whether nothing is drawn at all.
    init(_ label: String, unit: String, of total: Int? = nil, isQuiet: Bool) {
        terminal = isQuiet ? nil : Terminal(STDERR_FILENO)
        (self.label, self.unit, self.total) = (label, unit, total)
        nextDrawing = start + .milliseconds(300)
    }

    deinit { end() }

    func advance(by count: Int) {
        reach(done + count, of: total)
    }

    func reach(_ done: Int, of total: Int?) {
        (self.done, self.total) = (done, total)
        guard terminal != nil, ContinuousClock.now >= nextDrawing else { return }
        nextDrawing = .now + .milliseconds(100)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let bar = ProgressBar(label, done: done, of: total, unit: unit, after: seconds)
        terminal?.draw { [bar.line(width: $0.columns)] }
    }

    /// Takes the bar away, for good.
    func end() {
        terminal?.erase()
        terminal = nil
    }
}
