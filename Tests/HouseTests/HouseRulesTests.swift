import Foundation
import Testing

@Suite struct HouseRulesTests {
    @Test func filesAreShort() {
        let long = SourceTree.files(below: ["Sources", "Tests", "scripts"], endingIn: [".swift", ".c", ".h", ".py"])
            .filter { $0.lines.count > 401 }
        #expect(long.map { "\($0.path): \($0.lines.count) lines, at most 400" } == [])
    }

    @Test func functionsFitOnAScreen() {
        let long = SourceTree.swift.flatMap { file in
            functionLengths(file.lines).filter { $0.length > 70 }.map { "\(file.path):\($0.line): \($0.length) lines" }
        }
        #expect(long == [])
    }

    /// A function ends at the line that closes the brace at its own indentation: swift-format sees to that.
    private func functionLengths(_ lines: [String]) -> [(line: Int, length: Int)] {
        lines.indices.compactMap { start in
            let line = lines[start]
            let words = line.trimmingCharacters(in: .whitespaces).components(separatedBy: " ")
            guard words.contains("func") || words.first?.hasPrefix("init(") == true, !line.contains("//") else {
                return nil
            }
            let indentation = line.prefix { $0 == " " }
            let end = lines[start...].firstIndex { $0 == indentation + "}" } ?? start
            return (start + 1, end - start + 1)
        }
    }

    @Test func nothingSaysThatItIsUnfinished() {
        let words = ["TO" + "DO", "FIX" + "ME", "not " + "implemented", "not yet " + "implemented", "place" + "holder"]
        #expect(mentions(of: words, in: SourceTree.written) == [])
    }

    @Test func noPathOfOneMachine() {
        let paths = [SourceTree.root.path + "/", NSHomeDirectory() + "/"].filter { $0.count > 2 }
        #expect(mentions(of: paths, in: SourceTree.written) == [])
    }

    @Test func sourcesDoNotCrashOnPurpose() {
        let sources = SourceTree.files(below: ["Sources"], endingIn: [".swift"])
        #expect(mentions(of: ["try" + "!", "as" + "!", "fatal" + "Error("], in: sources) == [])
    }

    /// Foundation brings 45 MB of Unicode tables into a static binary; FoundationEssentials has what the program needs.
    @Test func sourcesDoWithoutTheWholeOfFoundation() {
        let sources = SourceTree.files(below: ["Sources"], endingIn: [".swift"])
        let imports = sources.flatMap { file in
            file.lines.filter { $0.hasSuffix("import Foundation") }.map { "\(file.path): \($0)" }
        }
        #expect(imports == [])
    }

    @Test func topLevelIsWhatItShouldBe() throws {
        let allowed: Set = ["Package.swift", "Sources", "Tests", "cluster", "scripts", "docs", "README.md", "LICENSE"]
        let mayBeThere: Set = ["Package.resolved", "CONTRIBUTING.md", "CHANGELOG.md", "dist"]
        let found = try FileManager.default.contentsOfDirectory(atPath: SourceTree.root.path).filter {
            !$0.hasPrefix(".") && !$0.hasPrefix("demo-output")
        }
        #expect(Set(found).subtracting(mayBeThere).subtracting(allowed) == [])
    }

    @Test func everyPackageTypeAndFunctionIsDocumented() {
        let kinds = ["func", "struct", "enum", "protocol", "actor", "class", "extension"]
        let undocumented = SourceTree.files(below: ["Sources"], endingIn: [".swift"]).flatMap { file in
            file.lines.indices.compactMap { index -> String? in
                let words = file.lines[index].trimmingCharacters(in: .whitespaces).components(separatedBy: " ")
                guard words.first == "package", words.prefix(4).contains(where: kinds.contains) else { return nil }
                let before = index > 0 ? file.lines[index - 1].trimmingCharacters(in: .whitespaces) : ""
                let isTopLevelType = file.lines[index].hasPrefix("package ") && !words.contains("func")
                guard isTopLevelType, !before.hasPrefix("///"), !before.hasPrefix("@") else { return nil }
                return "\(file.path):\(index + 1): \(file.lines[index])"
            }
        }
        #expect(undocumented == [])
    }

    @Test func linksInTheDocumentsLeadSomewhere() throws {
        let documents =
            SourceTree.files(below: ["docs"], endingIn: [".md"])
            + ["README.md", "CONTRIBUTING.md"].compactMap(SourceTree.read)
        for document in documents {
            let folder = SourceTree.root.appending(path: document.path).deletingLastPathComponent()
            for match in document.lines.joined(separator: "\n").matches(of: /\]\(([^)#:\s]+)(#[^)]*)?\)/) {
                let target = folder.appending(path: String(match.1))
                #expect(FileManager.default.fileExists(atPath: target.path), "\(document.path) links to \(match.1)")
            }
        }
    }

    private func mentions(of words: [String], in files: [SourceTree.File]) -> [String] {
        files.flatMap { file in
            file.lines.indices.flatMap { index in
                words.filter { file.lines[index].contains($0) }.map { "\(file.path):\(index + 1): \($0)" }
            }
        }
    }
}
