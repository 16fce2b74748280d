import RunProtocol

/// An autoencoder's training on the shards, averaged round after round and measured on the held-out samples.
struct PretrainingStage: Stage {
    let stage: AutoencoderStage
    let network: NetworkSpec
    let plan: StackedPlan
    let manifest: StackedManifest
    let seedKey: UInt64
    let frozen: BlobRecipe?
    let start: BlobRecipe

    var title: String { stage.name }
    var rounds: Int { stage.settings.rounds }
    var taskCount: Int { stage.settings.replicas }
    var reduction: Reduction { .average(stage.settings.outer, stage.settings.earlyStopping) }
    var parameters: [ParameterSpec] { start.parameters }
    var starts: [BlobRecipe] { [start] }
    var sampleSetCount: Int { manifest.shards.count }
    var isMeasured: Bool { true }
    var outputs: StageOutputs { .autoencoder(unit: stage.unit(on: network)) }

    func part(ofTask index: Int) -> Int { 0 }
    func title(ofTask index: Int) -> String { stage.place }

    func work(ofTask index: Int, _ context: TaskContext) -> Work {
        .train(
            stage.training(
                of: network, frozen: context.frozen, start: context.weights[0],
                on: manifest.shards[sampleSet(ofTask: index, round: context.round)], round: context.round,
                seed: context.seed))
    }

    func measurement(_ context: TaskContext) -> Work? {
        .evaluate(
            stage.measuring(
                of: network, frozen: context.frozen, weights: context.weights[0], on: manifest.heldOut))
    }

    func remarks(on status: StageStatus, results: [TaskFigures]) -> [Remark] {
        stage.remarks(on: status, of: plan, manifest)
    }
}
