import Coordination
import DataFormats
import PlanFile
package import RunProtocol
import RunStore

/// What a run has learnt, to look at.
extension Coordinator {
    package func picture(_ name: String, stage: Int?, of run: RunID) async throws -> [UInt8] {
        switch try await drawing(of: run, stage: stage, where: { $0.name == name && $0.form != .map }) {
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
        guard case .map(let map) = try await drawing(of: run, stage: nil, where: { $0.form == .map }) else {
            throw APIError(.internal, "the map of codes is another picture")
        }
        return map
    }

    package func mistakes(of run: RunID) async throws -> Mistakes {
        guard case .mistakes(let mistakes, _) = try await drawing(of: run, stage: nil, where: { $0.form == .mistakes })
        else { throw APIError(.internal, "the mistakes are another picture") }
        return mistakes
    }

    /// Another one whenever the run's newest pictures would be drawn anew; nil while there is nothing to draw.
    func picturesKey(of run: RunState) -> Digest? {
        guard let results = results(of: run), let kind = kinds[run.plan.model] else { return nil }
        let subjects = results.compiled.views.map { view in
            (try? kind.subject(of: view, stage: nil, results)).map { "\(view.name) \($0.stage) \($0.weights)" } ?? ""
        }
        return subjects.allSatisfy(\.isEmpty) ? nil : Digest(of: Array(subjects.joined(separator: "\n").utf8))
    }

    // MARK: Drawing

    /// Weights that a round has replaced are deleted, perhaps before they were read: then the newest are drawn.
    private func drawing(
        of run: RunID, stage: Int?, where isWanted: (ViewDescription) -> Bool
    ) async throws(APIError) -> Drawing {
        do {
            do {
                return try await newestDrawing(of: run, stage: stage, where: isWanted)
            } catch  where error.saysThatABlobIsMissing {
                return try await newestDrawing(of: run, stage: stage, where: isWanted)
            }
        } catch let error as APIError {
            throw error
        } catch  where error.saysThatABlobIsMissing {
            throw APIError(.conflict, "what the picture would be drawn from is not there any more", hint: "ask again")
        } catch { throw APIError(.internal, "the picture cannot be drawn: \(error)") }
    }

    private func newestDrawing(
        of id: RunID, stage: Int?, where isWanted: (ViewDescription) -> Bool
    ) async throws -> Drawing {
        guard let run = entries[id]?.written else { throw unknown(id) }
        guard let results = results(of: run) else {
            let hint = "`cairn watch \(id)` shows how far the run is"
            throw APIError(.conflict, "there is nothing to draw yet", hint: hint)
        }
        guard let view = results.compiled.views.first(where: isWanted) else {
            let names = results.compiled.views.filter { $0.form != .map }.map(\.name).joined(separator: ", ")
            throw APIError(.notFound, "run \(id) has no such picture", hint: "it has \(names.isEmpty ? "none" : names)")
        }
        guard !view.needsSamples || results.isFinished || !results.isFinal else {
            throw APIError(.conflict, "the samples of run \(id) are deleted, since it has not finished")
        }
        let kind = try kinds.kind(of: run.plan)
        let subject = try kind.subject(of: view, stage: stage, results)
        return try await gallery.drawing(.init(run: id, view: view.name, of: subject)) {
            try kind.draw(view, subject, results)
        }
    }

    /// What a run has come to; nil before its data are known.
    private func results(of run: RunState) -> RunResults? {
        guard let manifest = run.manifest, let compiled = run.compiled else { return nil }
        var weights = run.stageWeights
        if run.round > 1, !run.phase.isFinal, let newest = run.weights { weights[run.stage] = newest }
        let (reader, blobs, stageWeights) = (WeightsReader(blobs: store.blobs), store.blobs, weights)
        return RunResults(
            id: run.id, plan: run.plan, manifest: manifest, compiled: compiled, weights: weights,
            results: run.collected.mapValues { $0.map(\.update) }, exports: run.exports, isFinal: run.phase.isFinal,
            isFinished: run.phase == .finished,
            read: { try reader.weights($0, of: run, stageWeights: stageWeights) },
            readBlob: { try reader.weights($0, $1) }, path: { blobs.path(of: $0) })
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
