package import Coordination
import DataFormats
import FoundationEssentials
package import RunProtocol

/// Why an answer cannot count.
package struct RefusedAnswer: Error, Hashable { package var reason: String }

/// Looks at an answer before it counts: it must be what its task asks for, number by number, by the rules that its worker
/// has looked at it with (`ResultProblem`).
package enum UpdateInspection {
    /// - Parameter isCompared: whether another worker's answer must be the same.
    /// - Throws: `RefusedAnswer` with the reason; `DataError` `.hostShortage` whenever the file cannot be opened now.
    package static func inspect(
        _ upload: UploadedFile, answering task: TaskDescription, isCompared: Bool = false
    ) throws -> TaskCompletion {
        var hasher = DigestHasher()
        let header: UpdateFormat.Header
        do {
            let file = try UpdateFile(
                upload.path, limitBytes: UpdateFormat.largestSize(elementCount: task.elementCount))
            header = file.preamble.header
            guard header.task == task.id else { throw RefusedAnswer(reason: "it answers \(header.task)") }
            if let problem = task.problem(ofCount: file.preamble.elementCount) { throw problem }
            try file.forEachPart { part, start in
                if let problem = task.problem(of: part, from: start) { throw problem }
                if isCompared { part.withUnsafeBytes { hasher.update($0) } }
            }
            if isCompared { try header.figures.withoutSeconds.withUnsafeBytes { hasher.update($0) } }
        } catch let error as RefusedAnswer {
            throw error
        } catch let error as DataError where error.code == .hostShortage {
            throw error
        } catch {
            throw RefusedAnswer(reason: "\(error)")
        }
        if let problem = task.problem(of: header.figures) { throw RefusedAnswer(reason: "\(problem)") }
        let bits = isCompared ? hasher.finish() : nil
        guard
            let completion = TaskCompletion(
                task: task.id, update: upload.digest, figures: header.figures, bits: bits, bytes: upload.bytes)
        else { throw RefusedAnswer(reason: "its figures do not fit") }
        return completion
    }
}

extension TaskFigures {
    /// How long it took is all that may differ.
    fileprivate var withoutSeconds: Data {
        get throws {
            var figures = self
            (figures.seconds, figures.preparationSeconds) = (0, nil)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            return try encoder.encode(figures)
        }
    }
}
