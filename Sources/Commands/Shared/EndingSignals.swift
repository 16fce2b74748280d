import Dispatch
import Glibc
import UnixSignals

/// The signals that tell a process to end.
enum EndingSignals {
    /// SIGHUP comes when a terminal is closed or a connection breaks; who started the process with `nohup` does not want it
    /// to end for that.
    static let all: [Int32] = isIgnored(SIGHUP) ? [SIGTERM, SIGINT] : [SIGTERM, SIGINT, SIGHUP]

    /// The same, as swift-service-lifecycle calls them.
    static var unixSignals: [UnixSignal] { [.sigterm, .sigint] + (all.contains(SIGHUP) ? [.sighup] : []) }

    /// From now on each of them calls `body` with its number instead of ending the process, as long as what is returned is
    /// not cancelled.
    static func handle(_ body: @escaping @Sendable (Int32) -> Void) -> [any DispatchSourceSignal] {
        all.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { body(number) }
            source.activate()
            return source
        }
    }

    /// That the reader of a log has left is no reason to end a service.
    static func outliveReaders() { signal(SIGPIPE, SIG_IGN) }

    private static func isIgnored(_ number: Int32) -> Bool {
        let before = signal(number, SIG_IGN)
        signal(number, before)
        return unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}

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
