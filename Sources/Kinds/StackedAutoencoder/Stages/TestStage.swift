import RunProtocol

/// Each classifier tested on the same samples.
struct TestStage: Stage {
    let network: NetworkSpec
    let classes: Int
    let manifest: StackedManifest
    let seedKey: UInt64
    let test: LabeledBlobs
    /// Whose classifiers they are.
    let trials: [Trial]
    let starts: [BlobRecipe]

    var title: String { "evaluation" }
    var taskCount: Int { starts.count }
    var frozen: BlobRecipe? { nil }
    var outputs: StageOutputs { .evaluation }

    func part(ofTask index: Int) -> Int { trials[index].isPretrained ? 0 : 1 }
    func title(ofTask index: Int) -> String { "the classifier" }
    func trial(ofTask index: Int) -> Trial? { trials[index] }

    func work(ofTask index: Int, _ context: TaskContext) -> Work {
        .evaluate(network.testing(classes: classes, weights: context.weights[index], on: test))
    }

    func remarks(on status: StageStatus, results: [TaskFigures]) -> [Remark] {
        manifest.remarks(onTests: results, pretrained: trials.count(where: \.isPretrained))
    }
}
