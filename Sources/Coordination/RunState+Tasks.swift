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
            let work = network.testing(classes: manifest.classes, weights: opening.weights[index], on: test)
            return TaskDescription(id: taskID(index), title: "the classifier", work: .evaluate(work))
        }
    }

    private func describeAutoencoderTask(
        _ index: Int, _ autoencoder: AutoencoderStage, manifest: DataManifest, frozen: Digest?
    ) -> TaskDescription? {
        guard let weights, !manifest.shards.isEmpty else { return nil }
        guard !isMeasurement(index) else {
            let work = autoencoder.measuring(of: network, frozen: frozen, weights: weights, on: manifest.heldOut)
            return TaskDescription(id: taskID(index), title: autoencoder.place, work: .evaluate(work))
        }
        let work = autoencoder.training(
            of: network, frozen: frozen, start: weights,
            on: manifest.shards[shard(ofReplica: index, of: autoencoder, manifest)], round: round,
            seed: seed(ofTask: index))
        return TaskDescription(id: taskID(index), title: autoencoder.place, work: .train(work))
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
        let work = settings.training(
            of: network, classes: manifest.classes, stack: isPretrained ? stack : nil, on: manifest.draws[draw],
            unlabeled: Array(unlabeled), seed: seed(ofTask: index))
        return TaskDescription(id: taskID(index), title: "the classifier", work: .train(work))
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
