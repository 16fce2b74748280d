import Foundation
import Synchronization
import Testing

/// The program at a terminal that is none: what it writes is kept.
final class PseudoTerminal {
    private let process = Process()
    private let master: Int32
    private let received: Received
    private(set) var columns: Int
    private(set) var rows: Int
    /// How much was written before the screen got the size that it has.
    private var bytesBefore = 0

    /// - Parameters:
    ///   - environment: beside the tests' own; `TERM` is `xterm`.
    ///   - folder: where it runs.
    init(
        _ arguments: [String], columns: Int, rows: Int, environment: [String: String] = [:], in folder: URL? = nil
    ) throws {
        (self.columns, self.rows) = (columns, rows)
        var (master, slave): (Int32, Int32) = (-1, -1)
        try #require(openpty(&master, &slave, nil, nil, nil) == 0)
        for descriptor in [master, slave] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        self.master = master
        received = Received()
        let terminal = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
        process.executableURL = Bundle.main.bundleURL.appending(path: "cairn")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment
            .merging(["TERM": "xterm", "NO_COLOR": ""]) { $1 }.merging(environment) { $1 }
        process.currentDirectoryURL = folder
        (process.standardInput, process.standardOutput, process.standardError) = (terminal, terminal, terminal)
        setSize()
        defer { close(slave) }
        try process.run()
        received.collect(from: master)
    }

    deinit {
        kill()
        close(master)
    }

    /// All that the program has written.
    var bytes: [UInt8] { received.bytes.withLock { $0 } }

    var screen: TerminalScreen {
        TerminalScreen(columns: columns, rows: rows, showing: bytes.dropFirst(bytesBefore))
    }

    /// Makes it larger or smaller; `screen` begins anew.
    func resize(columns: Int, rows: Int) {
        (self.columns, self.rows) = (columns, rows)
        bytesBefore = bytes.count
        setSize()
    }

    private func setSize() {
        var size = winsize()
        (size.ws_col, size.ws_row) = (UInt16(columns), UInt16(rows))
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// Waits until the screen is as it should be.
    func shows(_ condition: (TerminalScreen) -> Bool) -> Bool {
        wait(120) { condition(screen) }
    }

    var isRunning: Bool { process.isRunning }

    func send(_ signal: Int32) {
        if process.isRunning { _ = Foundation.kill(process.processIdentifier, signal) }
    }

    /// `kill -9`.
    func kill() {
        send(SIGKILL)
        process.waitUntilExit()
    }

    /// - Returns: once all that it wrote is there; the signal's number where one ended it, nil where it does not end.
    func exitCode() -> Int32? {
        guard wait(120, for: { !process.isRunning && received.isComplete.withLock { $0 } }) else { return nil }
        return process.terminationStatus
    }
}

/// What comes out of a terminal, taken by a thread of its own.
private final class Received: Sendable {
    let bytes = Mutex<[UInt8]>([])
    let isComplete = Mutex(false)

    func collect(from master: Int32) {
        Thread.detachNewThread { [self] in
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = read(master, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                // The last process that had the terminal is gone.
                guard count > 0 else { return isComplete.withLock { $0 = true } }
                bytes.withLock { $0 += buffer[..<count] }
            }
        }
    }
}
