import Averaging
package import Coordination
import DataFormats
import FoundationEssentials
package import RunProtocol

/// Why an answer cannot count.
package struct RefusedAnswer: Error, Hashable {
    package var reason: String
}

/// Looks at an answer before it counts: it must be what its task asks for, number by number.
package enum UpdateInspection {
    /// - Parameter isCompared: whether another worker's answer must be the same.
    /// - Throws: `RefusedAnswer` with the reason.
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
            guard file.preamble.elementCount == task.elementCount else {
                throw RefusedUpdate.wrongCount(found: file.preamble.elementCount, expected: task.elementCount)
            }
            try file.forEachPart { part, start in
                try RefusedUpdate.check(part, from: start)
                if isCompared { part.withUnsafeBytes { hasher.update($0) } }
            }
            if isCompared { try header.figures.withoutSeconds.withUnsafeBytes { hasher.update($0) } }
        } catch let error as RefusedAnswer {
            throw error
        } catch {
            throw RefusedAnswer(reason: "\(error)")
        }
        if let problem = problem(of: header.figures, task.work) { throw RefusedAnswer(reason: problem) }
        let bits = isCompared ? hasher.finish() : nil
        guard
            let completion = TaskCompletion(
                task: task.id, update: upload.digest, figures: header.figures, bits: bits, bytes: upload.bytes)
        else {
            throw RefusedAnswer(reason: "its loss or error is not finite or far too large: the training has diverged")
        }
        return completion
    }

    private static func problem(of figures: TaskFigures, _ work: Work) -> String? {
        let (samples, needsError, classes) = expectation(work)
        guard figures.seconds.isFinite, figures.seconds >= 0 else { return "its seconds are not a length of time" }
        guard figures.samples == samples else { return "it speaks of \(figures.samples) samples, not \(samples)" }
        guard (figures.reconstructionError != nil) == needsError else { return "a figure is missing or too many" }
        guard figures.epochLosses?.count ?? 0 <= Limits.curvePoints else {
            return "it tells the losses of too many epochs"
        }
        if case .fineTune(let work) = work, let problem = problem(of: figures, work) { return problem }
        guard let classes else { return figures.confusion == nil ? nil : "it has a confusion matrix" }
        guard let matrix = figures.confusion, matrix.count == classes, matrix.allSatisfy({ $0.count == classes }),
            matrix.joined().allSatisfy({ (0...samples).contains($0) }), matrix.joined().reduce(0, +) == samples
        else { return "its confusion matrix does not count \(samples) samples in \(classes) classes" }
        return nil
    }

    private static func problem(of figures: TaskFigures, _ work: FineTuneWork) -> String? {
        let (guesses, unlabeled) = (figures.pseudoLabels ?? [], work.unlabeled.reduce(0) { $0 + $1.count })
        guard guesses.count == work.settings.pseudoLabels?.rounds ?? 0,
            guesses.allSatisfy({ (0...unlabeled).contains($0) })
        else { return "its numbers of guessed labels are not those of its rounds" }
        guard (0...work.samples.count).contains(figures.validationErrors ?? 0) else {
            return "it speaks of \(figures.validationErrors ?? 0) errors on \(work.samples.count) examples"
        }
        return nil
    }

    private static func expectation(_ work: Work) -> (samples: Int, needsError: Bool, classes: Int?) {
        switch work {
        case .pretrain(let work): (work.samples.count * work.settings.localEpochs, false, nil)
        case .measureReconstruction(let work): (work.samples.count, true, nil)
        case .fineTune(let work): (work.samples.count * work.settings.epochs, false, nil)
        case .classify(let work): (work.samples.count, false, work.classes)
        }
    }
}

extension TaskFigures {
    /// How long it took is all that may differ.
    fileprivate var withoutSeconds: Data {
        get throws {
            var figures = self
            figures.seconds = 0
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            return try encoder.encode(figures)
        }
    }
}
