import RandomNumbers
package import RunProtocol

extension RunState {
    /// The encoder as the data's size makes it.
    package var network: NetworkSpec {
        manifest?.network(of: plan.layers) ?? NetworkSpec(inputSize: 0, layers: plan.layers)
    }

    /// All that a worker must know for task `index` of the round in progress.
    ///
    /// - Returns: nil while the stage is not open, or there is no such task.
    package func describeTask(_ index: Int) -> TaskDescription? {
        guard let manifest, let opening, (0..<taskCount).contains(index) else { return nil }
        switch kind(ofStage: stage) {
        case .autoencoder(let stage):
            return describeAutoencoderTask(index, stage, manifest: manifest, frozen: opening.frozen)
        case .fineTuning:
            return describeFineTuning(index, manifest: manifest, stack: opening.frozen)
        case .evaluation:
            guard let test = manifest.test, opening.weights.indices.contains(index) else { return nil }
            let work = ClassifyWork(
                network: network, classes: manifest.classes, weights: opening.weights[index], samples: test.samples,
                labels: test.labels)
            return TaskDescription(id: taskID(index), work: .classify(work), elementCount: 0)
        }
    }

    private func describeAutoencoderTask(
        _ index: Int, _ autoencoder: AutoencoderStage, manifest: DataManifest, frozen: Digest?
    ) -> TaskDescription? {
        guard let weights, !manifest.shards.isEmpty else { return nil }
        let settings = autoencoder.settings
        guard !isMeasurement(index) else {
            let work = ReconstructionWork(
                network: network, layer: autoencoder.layer, decoders: autoencoder.decoders, settings: settings,
                frozen: frozen, weights: weights, samples: manifest.heldOut)
            return TaskDescription(id: taskID(index), work: .measureReconstruction(work), elementCount: 0)
        }
        let shard = manifest.shards[shard(ofReplica: index, of: autoencoder, manifest)]
        let work = PretrainWork(
            network: network, layer: autoencoder.layer, decoders: autoencoder.decoders,
            frozenEncoders: autoencoder.frozenEncoders, settings: settings, frozen: frozen, start: weights,
            samples: shard, round: round, seed: seed(ofTask: index))
        let count = autoencoder.parameters(of: network).elementCount
        return TaskDescription(id: taskID(index), work: .pretrain(work), elementCount: count)
    }

    /// Which of a layer's sample sets task `index` of the round in progress reads, as `SampleHolders` counts them; nil in
    /// other stages.
    func sampleSet(ofTask index: Int) -> Int? {
        guard let manifest, !manifest.shards.isEmpty, case .autoencoder(let stage) = kind(ofStage: stage),
            (0..<taskCount).contains(index)
        else { return nil }
        return isMeasurement(index) ? manifest.shards.count : shard(ofReplica: index, of: stage, manifest)
    }

    /// Replicas take the shards in turn, round after round.
    private func shard(ofReplica index: Int, of stage: AutoencoderStage, _ manifest: DataManifest) -> Int {
        ((round - 1) * stage.settings.replicas + index) % manifest.shards.count
    }

    /// The tasks of the round in progress that read these sets, in their order.
    func tasks(onSets sets: Set<Int>) -> [Int] {
        guard !sets.isEmpty, let manifest, case .autoencoder(let stage) = kind(ofStage: stage) else { return [] }
        let (count, first) = (manifest.shards.count, shard(ofReplica: 0, of: stage, manifest))
        return sets.flatMap { set in
            set < count
                ? Array(stride(from: (set - first + count) % count, to: taskCount - 1, by: count)) : [taskCount - 1]
        }.sorted()
    }

    /// Tasks 0 ..< draws start from the pretrained encoder, the next ones from random weights.
    private func describeFineTuning(_ index: Int, manifest: DataManifest, stack: Digest?) -> TaskDescription? {
        guard let settings = plan.fineTuning, !manifest.draws.isEmpty else { return nil }
        let draw = index % manifest.draws.count
        let isPretrained = index < manifest.draws.count
        let unlabeled = settings.pseudoLabels.map { manifest.shards.prefix($0.shards ?? manifest.shards.count) } ?? []
        let work = FineTuneWork(
            network: network, classes: manifest.classes, settings: settings, start: isPretrained ? stack : nil,
            samples: manifest.draws[draw].samples, labels: manifest.draws[draw].labels, unlabeled: Array(unlabeled),
            seed: seed(ofTask: index))
        let count = network.classifierParameters(classes: manifest.classes).elementCount
        return TaskDescription(id: taskID(index), work: .fineTune(work), elementCount: count)
    }

    /// Whether two workers must agree about task `index` of the round in progress: the seed picks the share that is.
    package func isVerified(_ index: Int) -> Bool {
        guard let share = plan.verify else { return false }
        let drawn = Seed.derive(from: plan.seed, UInt64(stage), UInt64(round), UInt64(index), 1)
        return drawn >> 11 < UInt64(share * 0x1p53)
    }

    private func seed(ofTask index: Int) -> UInt64 {
        Seed.derive(from: plan.seed, UInt64(stage), UInt64(round), UInt64(index))
    }
}
