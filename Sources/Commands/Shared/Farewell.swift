import Dispatch
import Glibc

/// Says something when a signal ends the process, which else would end without a word.
final class Farewell {
    private let signals: [any DispatchSourceSignal]

    /// - Parameter text: a line for standard error.
    init(_ text: String) {
        signals = EndingSignals.handle { number in
            FileHandleOutput.standardError("\n" + text + "\n")
            // As a shell says it of a process that a signal has ended.
            _exit(128 + number)
        }
    }

    deinit {
        signals.forEach { $0.cancel() }
        for number in EndingSignals.all { signal(number, SIG_DFL) }
    }
}
