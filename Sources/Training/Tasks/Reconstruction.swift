import CElementwise
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
        let layers = network.layers.indices
        let parameters = layers.map { network.autoencoderParameters(layer: $0, decoder: decoders[$0].constraint) }
        let starts = parameters.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.elementCount) }
        precondition(weights.count == starts[layers.count], "\(weights.count) weights for another network")
        let all = FloatBuffer(weights)
        let stack = layers.flatMap { layer in
            weights[starts[layer]..<starts[layer] + network.encoderParameters(layer: layer).elementCount]
        }
        let encoder = EncoderStack(
            network: network, layerCount: layers.count, weights: stack, batchSize: samples.count)
        samples.gather(Array(0..<Int32(samples.count))[...], into: encoder.input)
        let code = encoder.encode(count: samples.count)
        var rows = FloatBuffer(Array(UnsafeBufferPointer(start: code, count: samples.count * network.codeSize)))
        for layer in layers.reversed() {
            rows = decode(
                rows, count: samples.count, network: network, layer: layer, decoders[layer], all, starts[layer])
        }
        return rows.values
    }

    /// - Parameter start: where the layer's autoencoder begins in `weights`.
    private static func decode(
        _ code: FloatBuffer, count: Int, network: NetworkSpec, layer: Int, _ decoder: DecoderSpec,
        _ weights: FloatBuffer, _ start: Int
    ) -> FloatBuffer {
        let (inputs, units) = (network.inputSize(ofLayer: layer), network.layers[layer].units)
        let layout = Autoencoder.Layout(inputs: inputs, units: units, isTied: decoder.constraint == .tied)
        let base = weights.pointer + start
        let weight =
            decoder.constraint == .tied
            ? MatrixView(base, rows: inputs, columns: units).transposed
            : MatrixView(base + layout.decoderWeight, rows: units, columns: inputs)
        let out = FloatBuffer(count: count * inputs)
        MatrixProduct.multiply(
            MatrixView(code.pointer, rows: count, columns: units), weight,
            into: MatrixView(out.pointer, rows: count, columns: inputs))
        ce_bias_activation(out.pointer, base + layout.decoderBias, count, inputs, decoder.activation.kernel)
        withExtendedLifetime((code, weights)) {}
        return out
    }
}
