import DataFormats
import FoundationEssentials
import PlanFile
import RunProtocol

/// A plan's file, as text and checked.
struct LoadedPlan {
    var text: String
    var plan: Plan
    /// The folder that the plan lies in: what its relative paths start from.
    var folder: String

    /// - Throws: `CommandError` with every mistake, a line each.
    init(_ path: String) throws {
        text = try Self.text(of: path)
        do throws(PlanMistakes) {
            plan = try PlanReader.read(text, Cairn.kinds)
        } catch {
            throw CommandError(error.mistakes.map { "\(path): \($0)" }.joined(separator: "\n"))
        }
        let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        folder = absolute.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
        if folder.isEmpty { folder = "/" }
    }

    static func text(of path: String) throws -> String {
        let bytes = try FileBytes.read(path, limit: Limits.planBytes)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError("\(path): this is not UTF-8 text; is it a plan?")
        }
        return text
    }
}
