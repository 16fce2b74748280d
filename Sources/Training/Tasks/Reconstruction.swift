package import RunProtocol
import TensorCore

extension TaskFunctions {
    /// Samples encoded by all layers and decoded again, layer by layer.
    ///
    /// - Parameters:
    ///   - decoders: one for each layer.
    ///   - sparsity: what each layer's decoder sees of its code; nil: all.
    ///   - weights: the layers' `autoencoderParameters`, flat, from the input upwards.
    ///   - progress: is told how many samples more are done, again and again.
    /// - Returns: (count, inputSize), row-major, on the scale of the samples divided by their divisor.
    package static func reconstruct(
        _ samples: Samples, network: NetworkSpec, decoders: [DecoderSpec], sparsity: [Sparsity]?, weights: [Float],
        progress: (Int) -> Void = { _ in }
    ) -> [Float] {
        var rows: [Float] = []
        rows.reserveCapacity(samples.count * network.inputSize)
        forEachReconstruction(samples, network: network, decoders: decoders, sparsity: sparsity, weights: weights) {
            _, decoded in
            rows += decoded
            progress(decoded.count / network.inputSize)
        }
        return rows
    }

    /// Calls `body` with the samples of a batch and what they are decoded to.
    fileprivate static func forEachReconstruction(
        _ samples: Samples, network: NetworkSpec, decoders: [DecoderSpec], sparsity: [Sparsity]?, weights: [Float],
        _ body: (_ whole: UnsafeBufferPointer<Float>, _ decoded: UnsafeBufferPointer<Float>) -> Void
    ) {
        let batchSize = min(256, samples.count)
        let layers = LayerChain.autoencoder(network: network, layer: 0, decoders: decoders, batchSize: batchSize)
        let chain = LayerChain(layers, weights: weights, batchSize: batchSize, isTrained: false)
        let sparsifiers = (sparsity ?? []).enumerated().map { layer, sparsity in
            Sparsifier(
                sparsity, size: network.codeSize(ofLayer: layer), channels: network.layers[layer].units,
                batchSize: batchSize)
        }
        // The rows that decoders read, from the top downwards, are those of the layers from the top downwards.
        let codes = layers.indices.filter { layers[$0].isLinear }.suffix(decoders.count)
        let byRow = Dictionary(uniqueKeysWithValues: zip(codes, sparsifiers.reversed()))
        for batch in batches(of: Array(0..<Int32(samples.count)), size: batchSize) {
            samples.gather(batch, into: chain.row(0))
            chain.forward(count: batch.count) { index, row in byRow[index]?.keepFew(of: row, samples: batch.count) }
            let count = batch.count * network.inputSize
            let decoded = chain.activateLast(count: batch.count)
            body(
                UnsafeBufferPointer(start: chain.row(0), count: count),
                UnsafeBufferPointer(start: decoded, count: count))
        }
    }
}

/// How far samples that go through all layers and back are from what they were, measured part by part.
package struct ReconstructionMeasure {
    private let network: NetworkSpec
    private let decoders: [DecoderSpec]
    private let sparsity: [Sparsity]?
    private let weights: [Float]
    private var sum = 0.0
    private var mean: MeanPrediction
    private var count = 0

    /// - Parameters: as of `TaskFunctions.reconstruct`.
    package init(network: NetworkSpec, decoders: [DecoderSpec], sparsity: [Sparsity]?, weights: [Float]) {
        (self.network, self.decoders, self.sparsity, self.weights) = (network, decoders, sparsity, weights)
        mean = MeanPrediction(features: network.inputSize)
    }

    /// - Parameter progress: is told how many samples more are done, again and again.
    package mutating func add(_ samples: Samples, progress: (Int) -> Void = { _ in }) {
        var (sum, mean) = (sum, mean)
        let size = network.inputSize
        TaskFunctions.forEachReconstruction(
            samples, network: network, decoders: decoders, sparsity: sparsity, weights: weights
        ) { whole, decoded in
            for (x, y) in zip(whole, decoded) { sum += Double((x - y) * (x - y)) }
            if let base = whole.baseAddress { mean.add(base, count: whole.count / size) }
            progress(whole.count / size)
        }
        (self.sum, self.mean) = (sum, mean)
        count += samples.count
    }

    /// The mean over samples of the squared difference between a sample and what it is decoded to, summed over its numbers.
    package var error: Double { sum / Double(count) }
    /// That of predicting each feature's mean; nil for a single sample.
    package var meanError: Double? { mean.error(by: .meanSquaredError) }
}
