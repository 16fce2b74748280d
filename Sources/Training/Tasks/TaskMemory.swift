import CElementwise
package import RunProtocol
import TensorCore

/// What tasks take of a worker's memory at most, in bytes, from what they are made of: known before anything is
/// allocated. Samples are mapped, not read, and do not count.
///
/// In these sums 4 bytes a weight are once the weights: as they came, in a chain, in its gradient, in a result.
package enum TaskMemory {
    /// What oneDNN sets aside for products, and what is small.
    package static let scratch = 16 << 20

    /// Samples that a task without training takes at a time.
    static let evaluatedAtOnce = 256

    /// Training an autoencoder for a round.
    ///
    /// - Parameters:
    ///   - layer: its lowest layer; the codes of those below are made first, where a worker has none.
    ///   - samples: how many the task has.
    package static func pretraining(
        _ network: NetworkSpec, layer: Int, decoders: [DecoderSpec], settings: StageSettings, samples: Int
    ) -> Int {
        let weights = network.autoencoderParameters(first: layer, decoders: decoders).elementCount
        let batchSize = min(settings.batchSize, samples)
        let inputs = network.inputSize(ofLayer: layer)
        let chain = autoencoder(
            network, layer: layer, decoders: decoders, settings: settings, batchSize: batchSize, isTrained: true)
        let clean = settings.corruption == .none ? 0 : batchSize * inputs * 4
        let order = samples * 4 + samples / batchSize * 40
        let optimizer = Optimizer.memory(settings.optimizer, count: weights)
        // As they came, and in the end the result.
        let training = 2 * weights * 4 + chain + optimizer + clean + order
        return scratch + max(training, weights * 4 + encoding(network, layerCount: layer, samples: samples))
    }

    /// Measuring an autoencoder's error.
    package static func measuring(
        _ network: NetworkSpec, layer: Int, decoders: [DecoderSpec], settings: StageSettings, samples: Int
    ) -> Int {
        let weights = network.autoencoderParameters(first: layer, decoders: decoders).elementCount
        let chain = autoencoder(
            network, layer: layer, decoders: decoders, settings: settings,
            batchSize: min(evaluatedAtOnce, samples), isTrained: false)
        let work = max(chain + samples * 4, encoding(network, layerCount: layer, samples: samples))
        return scratch + weights * 4 + work
    }

    private static func autoencoder(
        _ network: NetworkSpec, layer: Int, decoders: [DecoderSpec], settings: StageSettings, batchSize: Int,
        isTrained: Bool
    ) -> Int {
        let top = layer + decoders.count - 1
        let layers = LayerChain.autoencoder(
            network: network, layer: layer, decoders: decoders, batchSize: 1,
            usesBfloat16: isTrained && settings.precision.usesBfloat16)
        var partSize = LayerChain.partSize(of: layers, batchSize: batchSize)
        if case .winnerTakeAll = settings.sparsity { partSize = batchSize }
        let sparsifier = Sparsifier.count(
            settings.sparsity, size: network.codeSize(ofLayer: top), channels: network.layers[top].units,
            batchSize: batchSize)
        return sparsifier * 4
            + LayerChain.memory(
                layers, weightCount: network.autoencoderParameters(first: layer, decoders: decoders).elementCount,
                batchSize: batchSize, partSize: partSize, isTrained: isTrained)
    }

    /// Sending samples through all encoders and back, with the network's weights in memory already.
    ///
    /// - Parameter kept: how many samples' reconstructions are kept.
    package static func reconstructing(
        _ network: NetworkSpec, decoders: [DecoderSpec], samples: Int, kept: Int
    ) -> Int {
        let batchSize = min(evaluatedAtOnce, samples)
        let weights = network.autoencoderParameters(first: 0, decoders: decoders).elementCount
        let chain = LayerChain.memory(
            LayerChain.autoencoder(network: network, layer: 0, decoders: decoders, batchSize: 1),
            weightCount: weights, batchSize: batchSize, isTrained: false)
        return scratch + chain + kept * network.inputSize * 4
    }

    /// Making codes of the first layers; where they are kept counts for the cache.
    static func encoding(_ network: NetworkSpec, layerCount: Int, samples: Int) -> Int {
        guard layerCount > 0 else { return 0 }
        let weights = network.stackParameters(count: layerCount).elementCount
        let batchSize = min(evaluatedAtOnce, samples)
        let chain = LayerChain.memory(
            LayerChain.encoder(network: network, count: layerCount, batchSize: 1), weightCount: weights,
            batchSize: batchSize, isTrained: false)
        return weights * 4 + chain + batchSize * network.inputSize(ofLayer: layerCount) * 2
    }

    /// Training a classifier.
    ///
    /// - Parameters:
    ///   - startsTrained: whether the encoder comes from pretraining.
    ///   - unlabeled: how many samples' labels are guessed.
    package static func fineTuning(
        _ network: NetworkSpec, classes: Int, settings: FineTuningSettings, startsTrained: Bool, labeled: Int,
        unlabeled: Int
    ) -> Int {
        let whole = network.classifierParameters(classes: classes).elementCount
        let start = startsTrained ? network.stackParameters(count: network.layers.count).elementCount : 0
        let isOnCodes = startsTrained && settings.encoderIsConstant
        let trained = isOnCodes ? NetworkSpec(inputSize: network.codeSize, layers: []) : network
        let weights = trained.classifierParameters(classes: classes).elementCount
        let validates = settings.validationPerClass ?? 0 > 0
        let batchSize = max(
            min(settings.batchSize, labeled) + (settings.pseudoLabels?.batchSize ?? 0),
            validates ? evaluatedAtOnce : 1)
        let chain = Classifier.memory(trained, classes: classes, batchSize: batchSize, isTrained: true)
        // The best weights so far, and the next that are compared with them.
        let best = validates ? weights * 8 : 0
        // While training the optimizer; in the end the weights once more, and with those of the encoder.
        let more = max(Optimizer.memory(settings.optimizer, count: weights), weights * 4 + whole * 4)
        // Probabilities of this round and the one before, the most likely label of each sample, and those taken.
        let guesses = unlabeled * (classes * 8 + 24 * 2 + 16 + 24)
        let training = (start + whole + weights) * 4 + chain + best + more + guesses + labeled * 24
        let codes = isOnCodes ? encoding(network, layerCount: network.layers.count, samples: labeled + unlabeled) : 0
        return scratch + max(training, start * 4 + codes)
    }

    /// Testing a classifier. Where its weights are in memory already, that is once too much.
    package static func classifying(_ network: NetworkSpec, classes: Int, samples: Int) -> Int {
        let weights = network.classifierParameters(classes: classes).elementCount
        let chain = Classifier.memory(
            network, classes: classes, batchSize: min(evaluatedAtOnce, samples), isTrained: false)
        return scratch + weights * 4 + chain + samples * 12 + classes * classes * 8
    }
}

extension Work {
    /// What doing it takes of a worker's memory at most, in bytes.
    package var memory: Int {
        switch self {
        case .pretrain(let work):
            TaskMemory.pretraining(
                work.network, layer: work.layer, decoders: work.decoders, settings: work.settings,
                samples: work.samples.count)
        case .measureReconstruction(let work):
            TaskMemory.measuring(
                work.network, layer: work.layer, decoders: work.decoders, settings: work.settings,
                samples: work.samples.count)
        case .fineTune(let work):
            TaskMemory.fineTuning(
                work.network, classes: work.classes, settings: work.settings, startsTrained: work.start != nil,
                labeled: work.samples.count, unlabeled: work.unlabeled.reduce(0) { $0 + $1.count })
        case .classify(let work):
            TaskMemory.classifying(work.network, classes: work.classes, samples: work.samples.count)
        }
    }

    /// The addresses that its samples take while they are mapped, in bytes: at most four of a number.
    package var mappedMemory: Int {
        let sets: [SampleSet] =
            if case .fineTune(let work) = self { [work.samples] + work.unlabeled } else { [samples] }
        return sets.reduce(0) { $0 + $1.count * $1.size * 4 }
    }
}
