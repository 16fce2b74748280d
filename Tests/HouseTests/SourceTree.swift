import Foundation

/// The files of this package, for tests that keep house.
struct SourceTree {
    struct File {
        let path: String
        let lines: [String]
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// All files below `folders` that end in one of `endings`, in the order of their paths.
    static func files(below folders: [String], endingIn endings: [String]) -> [File] {
        folders.flatMap { folder -> [File] in
            let found = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
            let paths = (found?.compactMap { $0 as? String } ?? []).filter { path in
                endings.contains { path.hasSuffix($0) }
            }
            return paths.sorted().compactMap { read("\(folder)/\($0)") }
        }
    }

    static func read(_ path: String) -> File? {
        guard let text = try? String(contentsOf: root.appending(path: path), encoding: .utf8) else { return nil }
        return File(path: path, lines: text.components(separatedBy: "\n"))
    }

    static var swift: [File] { files(below: ["Sources", "Tests"], endingIn: [".swift"]) }

    static var written: [File] {
        let top = ["README.md", "CONTRIBUTING.md", "Package.swift"].compactMap(read)
        return top + swift + files(below: ["Sources"], endingIn: [".c", ".h"])
            + files(below: ["docs", "cluster"], endingIn: [""]) + scripts
    }

    static var scripts: [File] { files(below: ["scripts"], endingIn: [""]) }
}
