package import RunProtocol

/// A small plan for simulations and tests.
extension Scenario {
    /// - Parameter draws: nil for a plan without labels.
    package static func stackedPlan(
        layers: Int = 2, rounds: Int = 3, replicas: Int = 2, stopping: EarlyStopping? = nil, draws: Int? = 2,
        verify: Double? = nil
    ) -> StackedPlan {
        let stage = StageSettings(
            rounds: rounds, replicas: replicas, localEpochs: 1, batchSize: 8, loss: .meanSquaredError,
            outputActivation: .linear, corruption: .none, l1: 0.1, decoder: .unitNorm,
            optimizer: .sgd(learningRate: 0.1, momentum: 0), schedule: .constant, outer: .mean,
            earlyStopping: stopping)
        let source = SampleSource(path: "data")
        let labels = LabelSource.file(path: "labels")
        let tuning = FineTuningSettings(
            epochs: 1, batchSize: 8, optimizer: .sgd(learningRate: 0.1, momentum: 0), encoderLearningRate: 0.1,
            dropout: 0, inputDropout: 0, weightDecay: 0, compareFromScratch: true)
        return StackedPlan(
            name: "example", seed: 7,
            data: DataPlan(
                unlabeled: source, heldOut: 10, shards: 3,
                labeled: draws.map { LabeledSource(samples: source, labels: labels, perClass: 1, draws: $0) },
                test: draws.map { _ in LabeledTest(samples: source, labels: labels) }),
            layers: Array(repeating: LayerSpec(units: 3, activation: .relu), count: layers),
            stages: Array(repeating: stage, count: layers), fineTuning: draws == nil ? nil : tuning,
            verify: verify)
    }

    package static func samples(_ name: String) -> SampleSet {
        SampleSet(digest: Digest(of: Array(name.utf8)), count: 20, size: 4, divisor: 1)
    }

    package static func stackedManifest(draws: Int = 2) -> StackedManifest {
        func digest(_ text: String) -> Digest { Digest(of: Array(text.utf8)) }
        return StackedManifest(
            planHash: digest("plan"), inputSize: 4, shards: (0..<3).map { samples("shard \($0)") },
            heldOut: samples("held out"),
            draws: (0..<draws).map { LabeledBlobs(samples: samples("draw \($0)"), labels: digest("labels \($0)")) },
            test: LabeledBlobs(samples: samples("test"), labels: digest("test labels")), classes: 2)
    }

    /// Such a plan with such data.
    package init(stacked plan: StackedPlan = stackedPlan()) {
        let manifest = Self.stackedManifest(draws: plan.data.labeled?.draws ?? 0)
        self.init(plan.plan, DataManifest(encoding: manifest), by: .standard)
    }
}
