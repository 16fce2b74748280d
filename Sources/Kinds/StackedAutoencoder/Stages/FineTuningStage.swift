import RunProtocol

/// A classifier trained on each draw of labeled examples: first from the pretrained encoders, then, where that is to be
/// compared, from a random start.
struct FineTuningStage: Stage {
    let settings: FineTuningSettings
    let network: NetworkSpec
    let manifest: StackedManifest
    let seedKey: UInt64
    let unlabeled: [SampleSet]
    let stack: BlobRecipe

    var title: String { "fine-tuning" }
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
        return (isPretrained(index) ? TrialStart.pretrained : .random)
            .trial(trial, labels: manifest.draws[trial].samples.count)
    }

    func remarks(on status: StageStatus, results: [TaskFigures]) -> [Remark] {
        manifest.remarks(onFineTunings: results, of: settings)
    }

    /// The whole classifier that a task comes to.
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
