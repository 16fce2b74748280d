import Foundation
import Testing

/// docs/extending.md is all that a new kind of model takes.
@Suite struct ExtendingTests {
    /// The files outside a kind's folder, as the document lists them.
    private func listed() throws -> [String] {
        let lines = try #require(SourceTree.read("docs/extending.md")).lines
        let start = try #require(lines.firstIndex(of: "## Files outside the folder"))
        let end = try #require(lines[(start + 1)...].firstIndex { $0.hasPrefix("## ") })
        return lines[start..<end].compactMap { $0.firstMatch(of: /^\| `([^`]+)` \|/).map { String($0.1) } }
    }

    /// What SwiftPM gives the compiler for a target, without its files and what is written.
    private func compilerFlags(of target: String) throws -> [String] {
        let products = Bundle.main.bundleURL.resolvingSymlinksInPath()
        let manifest = products.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "\(products.lastPathComponent).yaml")
        let text = try String(contentsOf: manifest, encoding: .utf8)
        let line = try #require(
            text.split(separator: "\n").first { $0.contains("\"-module-name\",\"\(target)\",\"-emit-dep") },
            "\(manifest)")
        let list = try #require(line.firstIndex(of: "["))
        let flags = try JSONDecoder().decode([String].self, from: Data(line[list...].utf8))
        let first = try #require(flags.firstIndex(of: "-I"))
        let last = try #require(flags.firstIndex(of: "-module-cache-path"))
        let package = try #require(flags.firstIndex(of: "-package-name"))
        let features = zip(flags, flags.dropFirst()).filter { $0.0 == "-enable-upcoming-feature" }.flatMap { [$0, $1] }
        return Array(flags[first..<last]) + flags[package...package + 1] + features + ["-swift-version", "6"]
    }

    /// The fixture alone in the place of all kinds, with the files that the document lists and no others.
    @Test func aKindIsItsFolderAndTheFilesThatAreListed() throws {
        let listed = try listed()
        #expect((1...6).contains(listed.count) && listed.allSatisfy { SourceTree.read($0) != nil }, "\(listed)")
        let folder = FileManager.default.temporaryDirectory.appending(path: "kinds-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let own = SourceTree.files(below: ["Tests/PairClassifier"], endingIn: [".swift"])
        #expect(own.count > 2)
        for file in own + listed.filter({ $0.hasSuffix(".swift") }).compactMap(SourceTree.read) {
            let text = file.lines.joined(separator: "\n").replacing("StackedAutoencoder()", with: "PairClassifier()")
            let name = file.path.split(separator: "/").last ?? ""
            try text.write(to: folder.appending(path: String(name)), atomically: true, encoding: .utf8)
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).map { folder.path + "/" + $0 }
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/usr/bin/env")
        compiler.arguments =
            try ["swiftc", "-typecheck", "-module-name", "Kinds"] + compilerFlags(of: "PairClassifier") + files
        let errors = Pipe()
        compiler.standardError = errors
        compiler.currentDirectoryURL = folder
        try compiler.run()
        let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        compiler.waitUntilExit()
        #expect(compiler.terminationStatus == 0, "\(said)")
    }

    /// Libraries know no kind: programs hand them the list. Fuzzing feeds the reader of each kind.
    @Test func onlyProgramsKnowWhichKindsThereAre() throws {
        let allowed = ["Kinds", "Fuzzing", "cairn", "cairn-simulate", "cairn-parade", "cairn-interrupted"]
        let importing = SourceTree.files(below: ["Sources"], endingIn: [".swift"]).filter { file in
            file.lines.contains { $0.hasSuffix("import Kinds") }
        }
        #expect(importing.count > 3)
        let targets = Set(importing.map { String($0.path.split(separator: "/")[1]) })
        #expect(targets.subtracting(allowed) == [])
    }
}
