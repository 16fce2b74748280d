import ModelFormat
import RandomNumbers
import RunProtocol

/// The stages that have been compiled so far, and which of them trained each tensor last.
struct RunBuilder {
    private let plan: StackedPlan
    private let manifest: StackedManifest
    private let network: NetworkSpec
    private(set) var compiled: CompiledRun
    private var trained: [String: Int] = [:]

    init(_ plan: StackedPlan, _ manifest: StackedManifest) {
        (self.plan, self.manifest) = (plan, manifest)
        network = manifest.network(of: plan.layers)
        compiled = CompiledRun(stages: [], exports: [], remarks: manifest.remarks(for: plan))
        compiled.unseenBlobs = manifest.unseenBlobs
        (compiled.columns, compiled.classNames) = (manifest.columns, manifest.classNames)
        compiled.network = network.encoderGraph(layers: network.layers.indices)
        compiled.views = ViewDescription.stacked(
            stages: Array(plan.autoencoderStages.indices), hasClassifier: plan.fineTuning != nil)
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
        let description = ModelDescription(
            reconstructing: network, decoders: plan.decoders.dropLast(stage.decoders.count) + stage.decoders,
            sparsity: plan.sparsity, input: manifest.exportedInput, planHash: manifest.planHash)
        compiled.exports.append(
            ExportRecipe(
                .pretrained, fileName: "weights.safetensors",
                .weights(recipe(description.parameters), metadata: description.metadata)))
    }

    mutating func append(_ settings: FineTuningSettings) {
        let trials = manifest.trials(replicas: settings.replicas ?? 1)
        let stack = recipe(network.stackParameters(count: network.layers.count))
        let classifiers: [BlobRecipe]
        if settings.isDistributed {
            classifiers = settings.starts.flatMap { start in
                trials.indices.map { append(settings, trials, trial: $0, start, stack) }
            }
        } else {
            let index = compiled.stages.count
            let unlabeled = settings.pseudoLabels.map { manifest.shards.prefix($0.shards ?? manifest.shards.count) }
            let tuning = FineTuningStage(
                settings: settings, network: network, manifest: manifest, seedKey: UInt64(index),
                unlabeled: Array(unlabeled ?? []), stack: stack)
            compiled.stages.append(tuning)
            classifiers = (0..<tuning.taskCount).map { tuning.classifier(ofTask: $0, stage: index) }
        }
        if let test = manifest.test {
            let tested = settings.starts.flatMap { start in
                trials.indices.map { start.trial($0, labels: manifest.labelCount(ofTrial: $0, trials)) }
            }
            compiled.stages.append(
                TestStage(
                    network: network, classes: manifest.classes, manifest: manifest,
                    seedKey: UInt64(compiled.stages.count), test: test, trials: tested, starts: classifiers))
        }
        guard let first = classifiers.first else { return }
        let description = ModelDescription(
            classifying: network, classes: manifest.classes, names: manifest.classNames, input: manifest.exportedInput,
            planHash: manifest.planHash)
        compiled.exports.append(
            ExportRecipe(
                .fineTuned, fileName: "classifier.safetensors",
                .weights(first, metadata: description.metadata)))
    }

    /// Adds a stage in which one trial is trained by several tasks.
    /// - Returns: the whole classifier that it comes to.
    private mutating func append(
        _ settings: FineTuningSettings, _ trials: [[LabeledBlobs]], trial: Int, _ start: TrialStart,
        _ stack: BlobRecipe
    ) -> BlobRecipe {
        let index = compiled.stages.count
        let isOnCodes = start == .pretrained && settings.encoderIsConstant
        let seed = Seed.derive(from: plan.seed, UInt64(index))
        let whole = network.classifierParameters(classes: manifest.classes)
        let given = start == .pretrained ? stack.sources : []
        let own = Array(whole.enumerated()).dropFirst(isOnCodes ? given.count : 0).map { place, parameter in
            var parameter = parameter
            parameter.stream = UInt64(place)
            return parameter
        }
        let fresh = [BlobRecipe.Source](repeating: .initializer(seed: seed), count: whole.count - given.count)
        compiled.stages.append(
            TrialStage(
                title: settings.title(ofTrial: trials.count > 1 ? trial : nil, start),
                isFirst: trial == 0 && start == .pretrained, settings: settings, network: network,
                classes: manifest.classes, seedKey: UInt64(index), replicas: trials[trial],
                validation: manifest.validation?[trial], isPretrained: start == .pretrained,
                frozen: isOnCodes ? stack : nil, start: BlobRecipe(own, (isOnCodes ? [] : given) + fresh)))
        return BlobRecipe(
            whole,
            (isOnCodes ? given : [])
                + [BlobRecipe.Source](repeating: .stage(index), count: whole.count - (isOnCodes ? given.count : 0)))
    }

    /// Adds stages that compute the codes of some samples and their statistics, and the exports of both.
    mutating func append(_ output: OutputPlan, _ samples: OutputSamples) {
        let layers = network.layers.indices
        let graph = network.encoderGraph(layers: layers)
        let encoders = recipe(network.stackParameters(count: layers.count))
        let index = compiled.stages.count
        compiled.stages.append(
            EncodingStage(
                result: .codes, name: output.name, graph: graph, seedKey: UInt64(index),
                parts: samples.parts, encoders: encoders))
        export(output.name, stage: index, count: samples.parts.reduce(0) { $0 + $1.count })
        guard output.statistics == true else { return }
        let next = compiled.stages.count
        compiled.stages.append(
            EncodingStage(
                result: .statistics, name: output.name, graph: graph, seedKey: UInt64(next),
                parts: samples.parts, encoders: encoders))
        export(output.statisticsName, stage: next, count: FitWork.Function.statistics.rows)
    }

    private mutating func export(_ name: String, stage: Int, count: Int) {
        guard let part = ExportDescription.Part(rawValue: name) else { return }
        compiled.exports.append(
            ExportRecipe(
                part, fileName: name + ".npy", .results(stage: stage, count: count, size: network.codeSize)))
    }
}

extension StackedManifest {
    /// Those that measure count as well.
    fileprivate func labelCount(ofTrial trial: Int, _ parts: [[LabeledBlobs]]) -> Int {
        let aside = validation.map { [$0[trial]] } ?? []
        return (parts[trial] + aside).reduce(0) { $0 + $1.samples.count }
    }

    /// What an exported file says of the samples.
    fileprivate var exportedInput: ModelDescription.Input {
        ModelDescription.Input(
            divisor: shards[0].divisor, columns: columns, fileShape: sampleShape, range: range)
    }
}
