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
        let layers = LayerChain.autoencoder(network: network, layer: 0, decoders: decoders, batchSize: samples.count)
        let chain = LayerChain(layers, weights: weights, batchSize: samples.count, isTrained: false)
        samples.gather(Array(0..<Int32(samples.count))[...], into: chain.row(0))
        chain.forward(count: samples.count)
        let output = chain.activateLast(count: samples.count)
        return Array(UnsafeBufferPointer(start: output, count: samples.count * network.inputSize))
    }
}
