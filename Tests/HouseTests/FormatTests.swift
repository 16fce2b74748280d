import Foundation
import Testing

@Suite struct FormatTests {
    @Test func swiftIsFormatted() throws {
        let (status, output) = try run([
            "swift", "format", "lint", "--strict", "--recursive", "Package.swift", "Sources", "Tests",
        ])
        #expect(status == 0, "\(output.prefix(4_000))")
    }

    @Test func shellScriptsParse() throws {
        let scripts = SourceTree.scripts.filter { $0.lines[0].hasPrefix("#!") && $0.lines[0].hasSuffix("bash") }
        #expect(scripts.count >= 2)
        for script in scripts {
            let (status, output) = try run(["bash", "-n", script.path])
            #expect(status == 0, "\(script.path): \(output)")
            #expect(FileManager.default.isExecutableFile(atPath: SourceTree.root.appending(path: script.path).path))
        }
    }

    private func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = SourceTree.root
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }
}
