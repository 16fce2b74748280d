import Foundation

/// The program that was built beside the tests, as people start it.
enum Cairn {
    struct Ended {
        var status: Int32
        var output: String
        var errors: String
    }

    static var path: String { Bundle.main.bundleURL.appending(path: "cairn").path }

    /// - Parameter environment: beside that of this process.
    static func run(
        _ arguments: [String], program: String = path, environment: [String: String] = [:]
    ) throws -> Ended {
        let process = Process()
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Ended(status: process.terminationStatus, output: text, errors: complaint)
    }
}
