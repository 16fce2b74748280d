package import Coordination
import RunProtocol

/// What a stage takes, in floating-point operations one after another where so many slots work: by it stages are compared of
/// which no round has been measured.
package struct StageCost: Hashable, Sendable {
    /// Of a round.
    package var round: Double
    /// Of encoding what its first rounds read with the layers below, once for all of them.
    package var encoding: Double
    /// How many rounds read what none before has read.
    package var firstRounds: Int
    /// How many of a round's tasks a slot does one after another.
    package var turns: Int

    package init(round: Double, encoding: Double = 0, firstRounds: Int = 1, turns: Int = 1) {
        self.round = round
        self.encoding = encoding
        self.firstRounds = max(firstRounds, 1)
        self.turns = max(turns, 1)
    }
}

extension StageCost {
    /// To read and write a number in memory takes about as long as so many operations of a product: a core has ten times
    /// as many gigaflops as gigabytes a second, and an optimizer's step goes over a parameter, its gradient and its moments.
    static let operationsOfANumber = 150.0
}

extension RunState {
    /// Of each stage, once the data are cut.
    package func costs(slots: Int) -> [StageCost] {
        guard let manifest else { return [] }
        let slots = max(slots, 1)
        func turns(_ tasks: Int) -> Int { (tasks + slots - 1) / slots }
        let shardCount = max(manifest.shards.count, 1)
        let samples = manifest.shards.reduce(0) { $0 + Double($1.count) } / Double(shardCount)
        let network = network
        var costs = plan.autoencoderStages.map { stage in
            let settings = stage.settings
            let layers = stage.layer..<stage.layer + stage.decoders.count
            let step =
                network.trainingOperations(ofLayers: layers, frozenEncoders: stage.frozenEncoders)
                + network.numbers(ofLayers: layers) * StageCost.operationsOfANumber
                + network.update(of: stage.parameters(of: network), batchSize: settings.batchSize)
            let firstRounds = (shardCount + settings.replicas - 1) / settings.replicas
            let turns = turns(settings.replicas)
            let encoding = network.encodingOperations(layers: stage.layer) * Double(firstRounds)
            return StageCost(
                round: step * samples * Double(settings.localEpochs * turns),
                encoding: encoding * samples * Double(turns), firstRounds: firstRounds, turns: turns)
        }
        guard let settings = plan.fineTuning, let draw = manifest.draws.first else { return costs }
        let tasks = manifest.draws.count * (settings.compareFromScratch ? 2 : 1)
        costs.append(
            StageCost(round: cost(of: settings, labeled: draw.samples.count, manifest, turns: turns(tasks))))
        let encoding = network.encodingOperations(layers: network.layers.count)
        costs.append(StageCost(round: Double((manifest.test?.samples.count ?? 0) * turns(tasks)) * encoding))
        return costs
    }

    /// Of fine-tuning all draws.
    private func cost(
        of settings: FineTuningSettings, labeled: Int, _ manifest: DataManifest, turns: Int
    ) -> Double {
        let layers = network.layers.indices
        let encoding = network.encodingOperations(layers: layers.count)
        // Encoders alone are trained there: half of an autoencoder's products.
        let training =
            (network.trainingOperations(ofLayers: layers) + network.numbers(ofLayers: layers)
                * StageCost.operationsOfANumber) / 2
            + network.update(
                of: network.classifierParameters(classes: manifest.classes), batchSize: settings.batchSize)
        // Three products of a code with the softmax layer's weights.
        let onCodes = 6 * Double(network.codeSize * max(manifest.classes, 1))
        let unlabeled = settings.pseudoLabels.map { labels in
            manifest.shards.prefix(labels.shards ?? manifest.shards.count).reduce(0) { $0 + Double($1.count) }
        }
        func task(step: Double, forward: Double) -> Double {
            let labels = Double(settings.epochs * labeled) * step
            guard let guesses = settings.pseudoLabels, let unlabeled else { return labels }
            // Round r of R learns from r / R of the share.
            let learnt = guesses.share * Double(guesses.rounds + 1) / 2 * Double(guesses.epochs)
            return labels + unlabeled * (Double(guesses.rounds) * forward + learnt * step)
        }
        let fromScratch = task(step: training, forward: encoding)
        let pretrained = settings.encoderIsConstant ? task(step: onCodes, forward: onCodes / 3) : fromScratch
        let mean = settings.compareFromScratch ? (pretrained + fromScratch) / 2 : pretrained
        return mean * Double(turns) + (settings.encoderIsConstant ? (Double(labeled) + (unlabeled ?? 0)) * encoding : 0)
    }
}

extension NetworkSpec {
    /// How many numbers go into and come out of these layers' encoders and decoders in a training step, for one sample.
    fileprivate func numbers(ofLayers layers: Range<Int>) -> Double {
        layers.reduce(0) { $0 + 2 * Double(inputSize(ofLayer: $1) + codeSize(ofLayer: $1)) }
    }

    /// Operations of making one sample's code with the lowest `layers` layers.
    fileprivate func encodingOperations(layers: Int) -> Double {
        (0..<layers).reduce(0) { sum, layer in
            let numbers = Double(codeSize(ofLayer: layer))
            return sum + 2 * Double(products(ofLayer: layer)) + numbers * StageCost.operationsOfANumber
        }
    }

    /// A sample's part of an optimizer's step.
    fileprivate func update(of parameters: [ParameterSpec], batchSize: Int) -> Double {
        Double(parameters.elementCount) * StageCost.operationsOfANumber / Double(max(batchSize, 1))
    }
}
