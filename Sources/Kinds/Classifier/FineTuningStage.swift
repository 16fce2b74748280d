import RunProtocol

/// A classifier trained on each draw of labeled examples: first from the pretrained encoders, then, where that is to be
/// compared, from a random start.
struct FineTuningStage: Stage {
    let settings: FineTuningSettings
    let network: NetworkSpec
    let manifest: DataManifest
    let seedKey: UInt64
    let unlabeled: [SampleSet]
    let stack: BlobRecipe

    static let outline = [
        StageStatus(waiting: "fine-tuning", rounds: 1, outputs: .fineTuning),
        StageStatus(waiting: "evaluation", rounds: 1, outputs: .evaluation),
    ]

    var title: String { Self.outline[0].name }
    var taskCount: Int { manifest.draws.count * (settings.compareFromScratch ? 2 : 1) }
    var frozen: BlobRecipe? { stack }
    var starts: [BlobRecipe] { [] }
    var outputs: StageOutputs { .fineTuning }

    private func isPretrained(_ task: Int) -> Bool { task < manifest.draws.count }

    func part(ofTask index: Int) -> Int { isPretrained(index) ? 0 : 1 }
    func title(ofTask index: Int) -> String { "the classifier" }

    func work(ofTask index: Int, _ context: TaskContext) -> Work {
        .train(
            settings.training(
                of: network, classes: manifest.classes, stack: isPretrained(index) ? context.frozen : nil,
                on: manifest.draws[index % manifest.draws.count], unlabeled: unlabeled, seed: context.seed))
    }

    func trial(ofTask index: Int) -> Trial? {
        let trial = index % manifest.draws.count
        return Trial(
            trial, group: isPretrained(index) ? "pretrained" : "from scratch", isPretrained: isPretrained(index),
            labels: manifest.draws[trial].samples.count)
    }

    func remarks(on status: StageStatus, results: [TaskFigures]) -> [Remark] {
        manifest.remarks(onFineTunings: results, of: settings)
    }

    /// The whole classifier that a task comes to.
    ///
    /// - Parameter stage: this one's place in the run.
    func classifier(ofTask index: Int, stage: Int) -> BlobRecipe {
        let parameters = network.classifierParameters(classes: manifest.classes)
        // Where the output alone is trained, the encoders are the pretrained ones.
        let given = isPretrained(index) && settings.encoderIsConstant ? stack.sources : []
        return BlobRecipe(
            parameters,
            given
                + (0..<parameters.count - given.count).map { .result(stage: stage, task: index, parameter: $0) })
    }
}

/// Each classifier tested on the same samples.
struct TestStage: Stage {
    let network: NetworkSpec
    let manifest: DataManifest
    let seedKey: UInt64
    let test: LabeledBlobs
    /// What the classifiers come from.
    let tuning: FineTuningStage
    let starts: [BlobRecipe]

    var title: String { FineTuningStage.outline[1].name }
    var taskCount: Int { starts.count }
    var frozen: BlobRecipe? { nil }
    var outputs: StageOutputs { .evaluation }

    func part(ofTask index: Int) -> Int { tuning.part(ofTask: index) }
    func title(ofTask index: Int) -> String { "the classifier" }
    func trial(ofTask index: Int) -> Trial? { tuning.trial(ofTask: index) }

    func work(ofTask index: Int, _ context: TaskContext) -> Work {
        .evaluate(network.testing(classes: manifest.classes, weights: context.weights[index], on: test))
    }

    func remarks(on status: StageStatus, results: [TaskFigures]) -> [Remark] { manifest.remarks(onTests: results) }
}
