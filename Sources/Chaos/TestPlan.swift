import FoundationEssentials
import RunProtocol

/// A plan's file, and what a coordinator is told of it.
package struct TestPlan: Sendable {
    let path: String
    /// What relative paths in it start from.
    let folder: String
    let submission: RunSubmission

    /// - Throws: `ChaosError` whenever the file cannot be read.
    package init(file: String) throws {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw ChaosError("'\(file)' cannot be read")
        }
        path = file.hasPrefix("/") ? file : FileManager.default.currentDirectoryPath + "/" + file
        folder = URL(filePath: path).deletingLastPathComponent().path
        submission = RunSubmission(plan: text, folder: folder)
    }

    package init(_ text: String, file: String) throws {
        try Data(text.utf8).write(to: URL(filePath: file))
        try self.init(file: file)
    }
}
