package import RunProtocol

extension NetworkSpec {
    /// Layer `layer`'s encoder: `encoder.N.weight` and `encoder.N.bias` (units). A dense weight is (inputs, units), a
    /// convolution's (units, channels, kernel, kernel).
    package func encoderParameters(layer: Int) -> [ParameterSpec] {
        let spec = layers[layer]
        let shape =
            spec.window.map { [spec.units, image(ofLayer: layer)?.channels ?? 0, $0.kernel, $0.kernel] }
            ?? [inputSize(ofLayer: layer), spec.units]
        return [.weight("encoder.\(layer).weight", shape), .bias("encoder.\(layer).bias", spec.units)]
    }

    /// Layer `layer`'s autoencoder: its encoder, then `decoder.N.weight` unless the decoder uses the encoder's weight
    /// transposed, then `decoder.N.bias`. A dense decoder's weight is (units, inputs) and its bias (inputs); a
    /// convolution's (units, channels, kernel, kernel) and (channels). So a row is what one unit adds to the output.
    package func autoencoderParameters(layer: Int, decoder: DecoderConstraint) -> [ParameterSpec] {
        let spec = layers[layer]
        let outputs = spec.window == nil ? inputSize(ofLayer: layer) : image(ofLayer: layer)?.channels ?? 0
        let shape = [spec.units, outputs] + (spec.window.map { [$0.kernel, $0.kernel] } ?? [])
        let weight = ParameterSpec.weight("decoder.\(layer).weight", shape, hasUnitRows: decoder == .unitNorm)
        let bias = ParameterSpec.bias("decoder.\(layer).bias", outputs)
        return encoderParameters(layer: layer) + (decoder == .tied ? [bias] : [weight, bias])
    }

    /// The autoencoders of the layers from `first` upwards, one for each of `decoders`.
    package func autoencoderParameters(first: Int, decoders: [DecoderSpec]) -> [ParameterSpec] {
        decoders.enumerated().flatMap { autoencoderParameters(layer: first + $0, decoder: $1.constraint) }
    }

    /// The encoders of the first `count` layers, from the input upwards.
    package func stackParameters(count: Int) -> [ParameterSpec] {
        (0..<count).flatMap { encoderParameters(layer: $0) }
    }

    /// The whole encoder, then `classifier.weight` (code, classes) and `classifier.bias` (classes).
    package func classifierParameters(classes: Int) -> [ParameterSpec] {
        stackParameters(count: layers.count) + [
            .weight("classifier.weight", [codeSize, classes]), .bias("classifier.bias", classes),
        ]
    }
}
