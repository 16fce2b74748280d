package import RunProtocol
import TensorCore

extension TaskFunctions {
    /// Codes of the highest layer decoded by all layers, from the top downwards.
    ///
    /// - Parameters:
    ///   - codes: (count, `codeSize(ofLayer:)` of the highest layer): before it is pooled.
    ///   - decoders: one for each layer.
    ///   - weights: the layers' `autoencoderParameters`, flat, from the input upwards.
    /// - Returns: (count, inputSize), row-major.
    package static func decode(
        _ codes: [Float], network: NetworkSpec, decoders: [DecoderSpec], weights: [Float]
    ) -> [Float] {
        let size = network.codeSize(ofLayer: decoders.count - 1)
        let count = codes.count / size
        precondition(count > 0 && count * size == codes.count, "\(codes.count) numbers are no codes of \(size)")
        let layers = LayerChain.autoencoder(network: network, layer: 0, decoders: decoders, batchSize: count)
        // As many layers lead down again as up.
        let chain = LayerChain(
            Array(layers[(layers.count / 2)...]), weights: weights, batchSize: count, isTrained: false)
        chain.row(0).update(from: codes, count: codes.count)
        chain.forward(count: count)
        let decoded = chain.activateLast(count: count)
        return withExtendedLifetime(chain) {
            Array(UnsafeBufferPointer(start: decoded, count: count * network.inputSize))
        }
    }
}
