import DataFormats
import Pictures
import PlanFile
import RunProtocol

/// Draws what a run has learnt from its blobs.
struct Painter {
    let run: RunResults
    let plan: StackedPlan
    let manifest: StackedManifest
    let subject: ViewSubject

    /// The layers up to the stage's.
    func stack() throws -> LearntStack {
        let stage = plan.autoencoderStages[subject.stage]
        let decoders = Array(plan.decoders.prefix(stage.layer) + stage.decoders)
        let network = manifest.network(of: plan.layers)
        let parameters = network.autoencoderParameters(first: 0, decoders: decoders)
        try check(parameters)
        // Each tensor as the last of these stages that has it left it.
        let sources = parameters.map { parameter in
            BlobRecipe.Source.stage(
                (0...subject.stage).last { index in
                    run.compiled.stages[index].parameters.contains { $0.name == parameter.name }
                } ?? 0)
        }
        return LearntStack(
            network: network, decoders: decoders,
            sparsity: plan.autoencoderStages.prefix(subject.stage + 1).sparsity,
            weights: try run.read(BlobRecipe(parameters, sources)))
    }

    func reconstructions() throws -> PictureSheet {
        let stack = try stack()
        let count = stack.network.samplesAtOnce(atMost: LearntStack.shownSamples)
        return try stack.reconstructions(of: try pick(count, of: manifest.heldOut))
    }

    private func check(_ parameters: [ParameterSpec]) throws(APIError) {
        guard parameters.elementCount <= LearntStack.mostWeights else {
            throw APIError(
                .tooLarge, "the network has more than \(LearntStack.mostWeights) weights, of which nothing is drawn",
                hint: "`cairn export` and `cairn picture` draw it elsewhere, when the run has finished")
        }
    }

    private func pick(_ count: Int, of set: SampleSet) throws -> PickedSamples {
        try PickedSamples(run.path(set.digest), of: set, places: PickedSamples.places(count, of: set.count))
    }

    private func labels(_ set: LabeledBlobs, of samples: PickedSamples, classes: Int) throws -> [Int32] {
        let path = run.path(set.labels)
        let labels = try SampleFile.storedLabels(path)
        guard labels.count == set.samples.count, labels.allSatisfy({ (0..<Int32(classes)).contains($0) })
        else { throw DataError(.wrongShape, at: path, "its labels do not belong to the samples") }
        return samples.places.map { labels[Int($0)] }
    }

    func map() throws -> CodeMap {
        let stack = try stack()
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

    func mistakes() throws -> Drawing {
        guard let test = manifest.test else { throw APIError.nothingToDraw(run.id) }
        let (network, classes) = (manifest.network(of: plan.layers), manifest.classes)
        let parameters = network.classifierParameters(classes: classes)
        try check(parameters)
        // Of a finished run the classifier is one of its exports; before that it is still the answer to its task.
        let weights =
            try run.exports.isEmpty
            ? run.compiled.exports.first { $0.part == .fineTuned }?.weights.map(run.read)
            : run.readBlob(subject.weights, parameters)
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
