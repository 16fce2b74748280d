import Foundation

/// A long-lived process of the program, its standard error in a file.
final class RunningProcess {
    private let process = Process()
    let log: URL

    /// - Parameters:
    ///   - folder: where it runs, and its log lies.
    ///   - descriptors: how many files it may open, and how far it may raise that; nil for what this process may.
    init(
        _ arguments: [String], in folder: URL, program: String = "cairn", descriptors: (soft: Int, hard: Int)? = nil
    ) throws {
        log = folder.appending(path: "\(URL(filePath: program).lastPathComponent)-\(UUID().uuidString.prefix(8)).log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let executable =
            program.hasPrefix("/") ? URL(filePath: program) : Bundle.main.bundleURL.appending(path: program)
        process.executableURL = executable
        process.arguments = arguments
        if let descriptors {
            process.executableURL = URL(filePath: "/bin/sh")
            let script = "ulimit -S -n \(descriptors.soft); ulimit -H -n \(descriptors.hard); exec \"$0\" \"$@\""
            process.arguments = ["-c", script, executable.path] + arguments
        }
        process.currentDirectoryURL = folder
        process.standardError = try FileHandle(forWritingTo: log)
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    var processID: Int32 { process.processIdentifier }

    var isRunning: Bool { process.isRunning }
    var said: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// The most memory it has had so far, mapped files included.
    var peakBytes: Int? {
        let status = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
        return status?.firstMatch(of: /VmHWM:\s+(\d+) kB/).flatMap { Int($0.1) }.map { $0 * 1_024 }
    }

    func send(_ signal: Int32) { _ = Foundation.kill(process.processIdentifier, signal) }

    /// `kill -9`.
    func kill() {
        if process.isRunning { _ = Foundation.kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// SIGTERM. - Returns: the exit code, or nil where it does not end in time.
    func terminate(within seconds: Double = 30) -> Int32? {
        process.terminate()
        return exitCode(within: seconds)
    }

    /// - Returns: nil where it does not end in time.
    func exitCode(within seconds: Double) -> Int32? {
        wait(seconds) { !process.isRunning } ? process.terminationStatus : nil
    }
}

/// Looks again and again whether something has become true.
@discardableResult func wait(_ seconds: Double, for condition: () throws -> Bool) rethrows -> Bool {
    // A clock that nobody sets, and that stands still while the machine does.
    let end = SuspendingClock.now + .seconds(seconds)
    while .now < end {
        if try condition() { return true }
        usleep(20_000)
    }
    return try condition()
}
