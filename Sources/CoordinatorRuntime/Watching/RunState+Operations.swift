import Coordination
import RunProtocol

extension RunState {
    /// What each stage's round costs, in operations one after another where so many slots work: made for comparing stages,
    /// not for counting.
    func operationsOfRounds(slots: Int) -> [Double] {
        guard let manifest else { return [] }
        let network = network
        func waves(_ tasks: Int) -> Double { Double((tasks + max(slots, 1) - 1) / max(slots, 1)) }
        let samples = manifest.shards.reduce(0) { $0 + Double($1.count) } / Double(max(manifest.shards.count, 1))
        var operations = plan.autoencoderStages.map { stage in
            let layers = stage.layer..<stage.layer + stage.decoders.count
            return network.trainingOperations(ofLayers: layers, frozenEncoders: stage.frozenEncoders) * samples
                * Double(stage.settings.localEpochs) * waves(stage.settings.replicas)
        }
        guard let settings = plan.fineTuning, let labeled = manifest.draws.first?.samples.count else {
            return operations
        }
        // Encoders alone are trained there: half of an autoencoder's products; a third of those is the way forward.
        let training = network.trainingOperations(ofLayers: 0..<network.layers.count) / 2
        let step = settings.encoderIsConstant ? training / 30 : training
        let guesses = settings.pseudoLabels.map { labels in
            let unlabeled = manifest.shards.prefix(labels.shards ?? manifest.shards.count)
                .reduce(0) { $0 + Double($1.count) }
            let learnt =
                (1...max(labels.rounds, 1)).reduce(0) { $0 + labels.share * Double($1) }
                / Double(max(labels.rounds, 1))
            return Double(labels.rounds) * unlabeled * (training / 3)
                + learnt * unlabeled * Double(labels.epochs) * step
        }
        let tasks = manifest.draws.count * (settings.compareFromScratch ? 2 : 1)
        operations.append((Double(settings.epochs * labeled) * step + (guesses ?? 0)) * waves(tasks))
        operations.append(Double(manifest.test?.samples.count ?? 0) * training / 3 * waves(tasks))
        return operations
    }
}
