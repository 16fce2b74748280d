package import RunProtocol
import TensorCore

extension TaskFunctions {
    /// Samples encoded by all layers and decoded again, layer by layer.
    ///
    /// - Parameters:
    ///   - decoders: one for each layer.
    ///   - weights: the layers' `autoencoderParameters`, flat, from the input upwards.
    /// - Returns: (count, inputSize), row-major, on the scale of the samples divided by their divisor.
    package static func reconstruct(
        _ samples: Samples, network: NetworkSpec, decoders: [DecoderSpec], weights: [Float]
    ) -> [Float] {
        var rows: [Float] = []
        rows.reserveCapacity(samples.count * network.inputSize)
        forEachReconstruction(samples, network: network, decoders: decoders, weights: weights) { _, decoded in
            rows += decoded
        }
        return rows
    }

    /// The mean over samples of the squared difference between a sample and what it is decoded to, summed over its numbers.
    package static func reconstructionError(
        _ samples: Samples, network: NetworkSpec, decoders: [DecoderSpec], weights: [Float]
    ) -> Double {
        var sum = 0.0
        forEachReconstruction(samples, network: network, decoders: decoders, weights: weights) { whole, decoded in
            for (x, y) in zip(whole, decoded) { sum += Double((x - y) * (x - y)) }
        }
        return sum / Double(samples.count)
    }

    /// Calls `body` with the samples of a batch and what they are decoded to.
    private static func forEachReconstruction(
        _ samples: Samples, network: NetworkSpec, decoders: [DecoderSpec], weights: [Float],
        _ body: (_ whole: UnsafeBufferPointer<Float>, _ decoded: UnsafeBufferPointer<Float>) -> Void
    ) {
        let batchSize = min(256, samples.count)
        let layers = LayerChain.autoencoder(network: network, layer: 0, decoders: decoders, batchSize: batchSize)
        let chain = LayerChain(layers, weights: weights, batchSize: batchSize, isTrained: false)
        for batch in batches(of: Array(0..<Int32(samples.count)), size: batchSize) {
            samples.gather(batch, into: chain.row(0))
            chain.forward(count: batch.count)
            let count = batch.count * network.inputSize
            let decoded = chain.activateLast(count: batch.count)
            body(
                UnsafeBufferPointer(start: chain.row(0), count: count),
                UnsafeBufferPointer(start: decoded, count: count))
        }
    }
}
