import ModelFormat
import RandomNumbers
package import RunProtocol

extension StageCompiler {
    /// The kinds of stage that there are: autoencoders, then a classifier on top of them.
    package static let all = StageCompiler(
        outputs: StageOutputs.kinds,
        outline: { plan in
            var stages = plan.autoencoderStages.map {
                StageStatus(waiting: $0.name, rounds: $0.settings.rounds, outputs: .autoencoder(unit: nil))
            }
            if plan.fineTuning != nil { stages += FineTuningStage.outline }
            return RunOutline(stages: stages, remarks: plan.remarks)
        },
        compile: { plan, manifest in
            var run = RunBuilder(plan, manifest)
            for stage in plan.autoencoderStages { run.append(stage) }
            if let settings = plan.fineTuning { run.append(settings) }
            return run.compiled
        })
}

extension StageStatus {
    init(waiting name: String, rounds: Int, outputs: StageOutputs) {
        self.init(name: name, state: .waiting, round: 0, rounds: rounds, tasksDone: 0, tasks: 0)
        self.outputs = outputs
    }
}

/// The stages that have been compiled so far, and which of them trained each tensor last.
struct RunBuilder {
    private let plan: Plan
    private let manifest: DataManifest
    private let network: NetworkSpec
    private(set) var compiled: CompiledRun
    private var trained: [String: Int] = [:]

    init(_ plan: Plan, _ manifest: DataManifest) {
        self.plan = plan
        self.manifest = manifest
        network = manifest.network(of: plan.layers)
        compiled = CompiledRun(stages: [], exports: [], remarks: manifest.remarks(for: plan))
    }

    /// Tensors as the last stage that trained them left them; those that none has trained are initialized by `seed`, each
    /// by its place among them.
    private func recipe(_ parameters: [ParameterSpec], seed: UInt64 = 0) -> BlobRecipe {
        var (fresh, known): (UInt64, [ParameterSpec]) = (0, parameters)
        let sources = parameters.indices.map { index -> BlobRecipe.Source in
            if let stage = trained[parameters[index].name] { return .stage(stage) }
            known[index].stream = fresh
            fresh += 1
            return .initializer(seed: seed)
        }
        return BlobRecipe(known, sources)
    }

    /// Adds an autoencoder's stage; with each the pretrained weights that are exported become others.
    mutating func append(_ stage: AutoencoderStage) {
        let index = compiled.stages.count
        let below = network.stackParameters(count: stage.layer)
        let own = stage.parameters(of: network)
        compiled.stages.append(
            PretrainingStage(
                stage: stage, network: network, plan: plan, manifest: manifest, seedKey: UInt64(index),
                frozen: below.isEmpty ? nil : recipe(below),
                start: recipe(own, seed: Seed.derive(from: plan.seed, UInt64(index)))))
        for parameter in own { trained[parameter.name] = index }
        guard index == plan.autoencoderStages.count - 1 else { return }
        var description = ModelDescription(
            part: .pretrained, network: network, divisor: manifest.shards[0].divisor,
            decoders: plan.decoders.dropLast(stage.decoders.count) + stage.decoders, sparsity: plan.sparsity,
            planHash: manifest.planHash)
        description.describeSamples(manifest)
        compiled.exports.append(
            ExportRecipe(
                .pretrained, weights: recipe(description.parameters), metadata: description.metadata))
    }

    mutating func append(_ settings: FineTuningSettings) {
        let index = compiled.stages.count
        let unlabeled = settings.pseudoLabels.map { manifest.shards.prefix($0.shards ?? manifest.shards.count) } ?? []
        let tuning = FineTuningStage(
            settings: settings, network: network, manifest: manifest, seedKey: UInt64(index),
            unlabeled: Array(unlabeled), stack: recipe(network.stackParameters(count: network.layers.count)))
        compiled.stages.append(tuning)
        let classifiers = (0..<tuning.taskCount).map { tuning.classifier(ofTask: $0, stage: index) }
        if let test = manifest.test {
            compiled.stages.append(
                TestStage(
                    network: network, manifest: manifest, seedKey: UInt64(index + 1), test: test, tuning: tuning,
                    starts: classifiers))
        }
        guard let first = classifiers.first else { return }
        var description = ModelDescription(
            part: .fineTuned, network: network, divisor: manifest.shards[0].divisor, decoders: [],
            classes: manifest.classes, planHash: manifest.planHash)
        description.describeSamples(manifest)
        description.classNames = manifest.classNames
        compiled.exports.append(ExportRecipe(.fineTuned, weights: first, metadata: description.metadata))
    }
}

extension ModelDescription {
    fileprivate mutating func describeSamples(_ manifest: DataManifest) {
        columns = manifest.columns
        sampleShape = manifest.sampleShape
        range = manifest.range
    }
}
