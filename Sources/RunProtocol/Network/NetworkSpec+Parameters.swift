extension NetworkSpec {
    /// Layer `layer`'s encoder: `encoder.N.weight` (inputs, units) and `encoder.N.bias` (units).
    package func encoderParameters(layer: Int) -> [ParameterSpec] {
        let inputs = inputSize(ofLayer: layer)
        let units = layers[layer].units
        return [
            ParameterSpec(name: "encoder.\(layer).weight", shape: [inputs, units], start: .glorot),
            ParameterSpec(name: "encoder.\(layer).bias", shape: [units], start: .zero),
        ]
    }

    /// Layer `layer`'s autoencoder: its encoder, then `decoder.N.weight` (units, inputs) unless the decoder uses the
    /// encoder's weight transposed, then `decoder.N.bias` (inputs).
    package func autoencoderParameters(layer: Int, decoder: DecoderConstraint) -> [ParameterSpec] {
        let inputs = inputSize(ofLayer: layer)
        let weight = ParameterSpec(
            name: "decoder.\(layer).weight", shape: [layers[layer].units, inputs], start: .glorot,
            hasUnitRows: decoder == .unitNorm)
        let bias = ParameterSpec(name: "decoder.\(layer).bias", shape: [inputs], start: .zero)
        return encoderParameters(layer: layer) + (decoder == .tied ? [bias] : [weight, bias])
    }

    /// The encoders of the first `count` layers, from the input upwards.
    package func stackParameters(count: Int) -> [ParameterSpec] {
        (0..<count).flatMap { encoderParameters(layer: $0) }
    }

    /// The whole encoder, then `classifier.weight` (code, classes) and `classifier.bias` (classes).
    package func classifierParameters(classes: Int) -> [ParameterSpec] {
        stackParameters(count: layers.count) + [
            ParameterSpec(name: "classifier.weight", shape: [codeSize, classes], start: .glorot),
            ParameterSpec(name: "classifier.bias", shape: [classes], start: .zero),
        ]
    }
}
