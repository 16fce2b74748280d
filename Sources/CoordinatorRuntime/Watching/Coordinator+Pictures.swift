import Coordination
import DataFormats
package import RunProtocol
import RunStore

/// What a run has learnt, to look at.
extension Coordinator {
    package func picture(_ kind: PictureKind, stage: Int?, of run: RunID) async throws -> [UInt8] {
        let wanted: Gallery.Subject.Kind =
            switch kind {
            case .filters: .filters
            case .reconstructions: .reconstructions
            case .mistakes: .mistakes
            }
        switch try await exhibit(wanted, stage: stage, of: run) {
        case .picture(let png): return png
        case .mistakes(let mistakes, let png):
            guard let png else {
                let isFaultless = mistakes.mistakes.isEmpty
                throw APIError(.conflict, isFaultless ? "there are no mistakes to draw" : "its samples are no pictures")
            }
            return png
        case .map: throw APIError(.internal, "a map is no picture")
        }
    }

    package func codeMap(of run: RunID) async throws -> CodeMap {
        guard case .map(let map) = try await exhibit(.codes, stage: nil, of: run) else {
            throw APIError(.internal, "the map of codes is another picture")
        }
        return map
    }

    package func mistakes(of run: RunID) async throws -> Mistakes {
        guard case .mistakes(let mistakes, _) = try await exhibit(.mistakes, stage: nil, of: run) else {
            throw APIError(.internal, "the mistakes are another picture")
        }
        return mistakes
    }

    /// Another one whenever the run's newest pictures would be drawn anew; nil while there is nothing to draw.
    nonisolated func picturesKey(of run: RunState) -> Digest? {
        guard let stage = run.lastLearntStage, let weights = run.learnt(inStage: stage) else { return nil }
        let classifier = run.testedClassifier?.hex ?? ""
        return Digest(of: Array("\(stage) \(weights) \(classifier)".utf8))
    }

    // MARK: Drawing

    /// Weights that a round has replaced are deleted, perhaps before they were read: then the newest are drawn.
    private func exhibit(
        _ kind: Gallery.Subject.Kind, stage: Int?, of run: RunID
    ) async throws(APIError) -> Gallery.Exhibit {
        do {
            do {
                return try await newestExhibit(kind, stage: stage, of: run)
            } catch  where error.saysThatABlobIsMissing {
                return try await newestExhibit(kind, stage: stage, of: run)
            }
        } catch let error as APIError {
            throw error
        } catch  where error.saysThatABlobIsMissing {
            throw APIError(.conflict, "what the picture would be drawn from is not there any more", hint: "ask again")
        } catch {
            throw APIError(.internal, "the picture cannot be drawn: \(error)")
        }
    }

    private func newestExhibit(
        _ kind: Gallery.Subject.Kind, stage: Int?, of id: RunID
    ) async throws -> Gallery.Exhibit {
        guard let run = entries[id]?.written else { throw unknown(id) }
        let subject = try run.subject(kind, stage: stage)
        let painter = Painter(blobs: store.blobs)
        return try await gallery.exhibit(subject) { try painter.draw(subject, of: run) }
    }
}

extension RunState {
    /// What an autoencoder's stage has come to: nil before its first round has closed.
    fileprivate func learnt(inStage index: Int) -> Digest? {
        if let weights = stageWeights[index] { return weights }
        return index == stage && round > 1 && !phase.isFinal ? weights : nil
    }

    /// The last stage that has learnt something.
    fileprivate var lastLearntStage: Int? {
        plan.autoencoderStages.indices.last { learnt(inStage: $0) != nil }
    }

    /// The first draw's pretrained classifier, as soon as all are tested: its export, or its task's answer.
    fileprivate var testedClassifier: Digest? {
        guard collected[stages.count - 1] != nil else { return nil }
        let export = exports.first { $0.part == .fineTuned }?.digest
        return export ?? (phase.isFinal ? nil : collected.min { $0.key < $1.key }?.value.first?.update)
    }

    fileprivate func subject(_ kind: Gallery.Subject.Kind, stage: Int?) throws(APIError) -> Gallery.Subject {
        if kind == .mistakes {
            guard plan.fineTuning != nil else {
                throw APIError(.notFound, "run \(id) has no classifier: its plan has no fine_tuning")
            }
            guard let classifier = testedClassifier else { throw .nothingToDraw(id) }
            return Gallery.Subject(run: id, kind: kind, stage: stages.count - 1, weights: classifier)
        }
        if let stage, !plan.autoencoderStages.indices.contains(stage) {
            throw APIError(
                .notFound, "run \(id) has no autoencoder's stage \(stage)",
                hint: "stages count from 0; this run has \(plan.autoencoderStages.count) of them")
        }
        guard let stage = stage ?? lastLearntStage, let weights = learnt(inStage: stage) else {
            throw .nothingToDraw(id)
        }
        // Of a run that came to nothing only weights are left.
        guard kind == .filters || phase == .finished || !phase.isFinal else {
            throw APIError(.conflict, "the samples of run \(id) are deleted, since it has not finished")
        }
        return Gallery.Subject(run: id, kind: kind, stage: stage, weights: weights)
    }
}

extension Error {
    /// Whether a file was not there that was to be read.
    fileprivate var saysThatABlobIsMissing: Bool {
        switch self {
        case let damage as DamagedBlob: damage.isMissing
        case let error as DataError: error.code == .notFound
        default: false
        }
    }
}
