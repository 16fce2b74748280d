import Foundation

/// The package's own folder, which has the scripts and the units.
let packageFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// A program that was run to its end.
struct Command {
    var status: Int32
    var output: String
    var errors: String

    /// Output goes through files: a process that is left running in the background would keep a pipe open.
    init(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        let folder = try TemporaryFolder()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.environment = ProcessInfo.processInfo.environment.filter { $0.key != "CAIRN_COORDINATOR" }
            .merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: folder.write("output", ""))
        process.standardError = try FileHandle(forWritingTo: folder.write("errors", ""))
        try process.run()
        process.waitUntilExit()
        status = process.terminationStatus
        output = try folder.read("output")
        errors = try folder.read("errors")
    }

    static func isThere(_ program: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: program)
    }
}

/// A folder that is gone when its last owner is.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "cairn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }

    @discardableResult
    func write(_ name: String, _ text: String, mode: Int = 0o644) throws -> URL {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
        return file
    }

    func read(_ name: String) throws -> String { try String(contentsOf: url.appending(path: name), encoding: .utf8) }

    func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? Int
    }
}
