import Coordination
import DataFormats
import FoundationEssentials
import ModelFormat
import Pictures
import RunProtocol
import RunStore
import UpdateFiles

/// Draws what a run has learnt from its blobs.
struct Painter: Sendable {
    let blobs: BlobFolder

    private var reader: WeightsReader { WeightsReader(blobs: blobs) }

    /// - Throws: `DamagedBlob` or `DataError` whenever a blob cannot be read: it may be gone by now.
    func draw(_ subject: Gallery.Subject, of run: RunState) throws -> Gallery.Exhibit {
        guard let manifest = run.manifest else { throw APIError.nothingToDraw(run.id) }
        switch subject.kind {
        case .filters: return .picture(Array(try stack(subject, of: run).filters().png()))
        case .reconstructions:
            let stack = try stack(subject, of: run)
            let count = stack.network.samplesAtOnce(atMost: LearntStack.shownSamples)
            let samples = try pick(count, of: manifest.heldOut)
            return .picture(Array(try stack.reconstructions(of: samples).png()))
        case .codes: return .map(try map(subject, of: run, manifest))
        case .mistakes: return try mistakes(subject, of: run, manifest)
        }
    }

    private func stack(_ subject: Gallery.Subject, of run: RunState) throws -> LearntStack {
        let stage = run.plan.autoencoderStages[subject.stage]
        let (plan, network) = (run.plan, run.network)
        let decoders = plan.decoders.prefix(stage.layer) + stage.decoders
        let parameters = network.autoencoderParameters(first: 0, decoders: Array(decoders))
        try check(parameters)
        // Each tensor as the last of these stages that has it left it.
        let sources = parameters.map { parameter in
            BlobRecipe.Source.stage(
                (0...subject.stage).last { run.stages[$0].parameters.contains { $0.name == parameter.name } } ?? 0)
        }
        var stageWeights = run.stageWeights
        stageWeights[subject.stage] = subject.weights
        return LearntStack(
            network: network, decoders: Array(decoders),
            sparsity: plan.autoencoderStages.prefix(subject.stage + 1).sparsity,
            weights: try reader.weights(BlobRecipe(parameters, sources), of: run, stageWeights: stageWeights))
    }

    private func check(_ parameters: [ParameterSpec]) throws(APIError) {
        guard parameters.elementCount <= LearntStack.mostWeights else {
            throw APIError(
                .tooLarge, "the network has more than \(LearntStack.mostWeights) weights, of which nothing is drawn",
                hint: "`cairn export` and `cairn picture` draw it elsewhere, when the run has finished")
        }
    }

    private func pick(_ count: Int, of set: SampleSet) throws -> PickedSamples {
        try PickedSamples(
            blobs.path(of: set.digest), of: set, places: PickedSamples.places(count, of: set.count))
    }

    private func labels(_ set: LabeledBlobs, of samples: PickedSamples, classes: Int) throws -> [Int32] {
        let path = blobs.path(of: set.labels)
        let labels = try SampleFile.storedLabels(path)
        guard labels.count == set.samples.count, labels.allSatisfy({ (0..<Int32(classes)).contains($0) }) else {
            throw DataError(.wrongShape, at: path, "its labels do not belong to the samples")
        }
        return samples.places.map { labels[Int($0)] }
    }

    private func map(_ subject: Gallery.Subject, of run: RunState, _ manifest: DataManifest) throws -> CodeMap {
        let stack = try stack(subject, of: run)
        let count = stack.network.samplesAtOnce(atMost: LearntStack.mappedSamples)
        guard let test = manifest.test else {
            return try stack.codeMap(of: try pick(count, of: manifest.heldOut), labels: nil, stage: subject.stage)
        }
        let samples = try pick(count, of: test.samples)
        let labels = try labels(test, of: samples, classes: manifest.classes)
        var map = try stack.codeMap(of: samples, labels: labels, stage: subject.stage)
        map.classNames = manifest.classNames
        return map
    }

    private func mistakes(
        _ subject: Gallery.Subject, of run: RunState, _ manifest: DataManifest
    ) throws -> Gallery.Exhibit {
        guard let test = manifest.test else { throw APIError.nothingToDraw(run.id) }
        let (network, classes) = (run.network, manifest.classes)
        let parameters = network.classifierParameters(classes: classes)
        try check(parameters)
        // Of a finished run the classifier is one of its exports; before that it is still the answer to its task.
        let weights =
            try run.exports.isEmpty
            ? run.compiled?.exports.first { $0.part == .fineTuned }?.weights.map { try reader.weights($0, of: run) }
            : reader.weights(subject.weights, parameters)
        guard let weights, weights.count == parameters.elementCount else { throw APIError.nothingToDraw(run.id) }
        let count = network.samplesToClassify(atMost: ClassifierMistakes.testedSamples)
        let samples = try pick(count, of: test.samples)
        let found = try ClassifierMistakes(
            network: network, classes: classes, weights: weights, samples: samples,
            labels: try labels(test, of: samples, classes: classes))
        var mistakes = found.mistakes
        mistakes.classNames = manifest.classNames
        return .mistakes(mistakes, found.sheet.map { Array($0.png()) })
    }
}

extension APIError {
    static func nothingToDraw(_ run: RunID) -> APIError {
        APIError(.conflict, "there is nothing to draw yet", hint: "`cairn watch \(run)` shows how far the run is")
    }
}
