import Pictures
package import PlanFile
package import RunProtocol

extension ViewDescription {
    /// What can be looked at of a run of stacked autoencoders.
    /// - Parameter stages: those of autoencoders.
    package static func stacked(stages: [Int], hasClassifier: Bool) -> [ViewDescription] {
        let views = [
            ViewDescription(
                "filters", .picture, title: "Filters", text: "What each unit adds to a sample: a tile a unit.",
                stages: stages, needsSamples: false),
            ViewDescription(
                "reconstructions", .picture, title: "Reconstructions",
                text: "Samples that nobody trained on, above what comes back.", stages: stages),
            ViewDescription(
                "codes", .map, title: "Map of codes",
                text: "Samples that the code takes for alike lie close together."),
        ]
        guard hasClassifier else { return views }
        let text = "Test samples the classifier is most sure of, and wrong."
        return views + [ViewDescription("mistakes", .mistakes, title: "Mistakes", text: text)]
    }
}

extension StackedAutoencoder {
    package func subject(of view: ViewDescription, stage: Int?, _ run: RunResults) throws(APIError) -> ViewSubject {
        guard view.form != .mistakes else { return try classifier(of: run) }
        let stages = run.compiled.stages.indices.filter { run.compiled.stages[$0] is PretrainingStage }
        if let stage, !stages.contains(stage) {
            throw APIError(
                .notFound, "run \(run.id) has no autoencoder's stage \(stage)",
                hint: "stages count from 0; this run has \(stages.count) of them")
        }
        guard let stage = stage ?? stages.last(where: { run.weights[$0] != nil }), let weights = run.weights[stage]
        else { throw .nothingToDraw(run.id) }
        return ViewSubject(stage: stage, weights: weights)
    }

    /// The first draw's pretrained classifier, as soon as all are tested: its export, or what it was trained to.
    private func classifier(of run: RunResults) throws(APIError) -> ViewSubject {
        guard let test = run.compiled.stages.lastIndex(where: { $0 is TestStage }), run.results[test] != nil
        else { throw .nothingToDraw(run.id) }
        let export = run.exports.first { $0.part == .fineTuned }?.digest
        let trained = run.results.min { $0.key < $1.key }?.value.first ?? run.weights[test - 1]
        guard let weights = export ?? (run.isFinal ? nil : trained) else { throw .nothingToDraw(run.id) }
        return ViewSubject(stage: test, weights: weights)
    }

    package func draw(_ view: ViewDescription, _ subject: ViewSubject, _ run: RunResults) throws -> Drawing {
        let painter = Painter(
            run: run, plan: try StackedPlan(run.plan), manifest: try run.manifest.decoded(as: StackedManifest.self),
            subject: subject)
        return switch view.name {
        case "filters": .picture(Array(try painter.stack().filters().png()))
        case "reconstructions": .picture(Array(try painter.reconstructions().png()))
        case "codes": .map(try painter.map())
        default: try painter.mistakes()
        }
    }
}

extension APIError {
    static func nothingToDraw(_ run: RunID) -> APIError {
        APIError(.conflict, "there is nothing to draw yet", hint: "`cairn watch \(run)` shows how far the run is")
    }
}
