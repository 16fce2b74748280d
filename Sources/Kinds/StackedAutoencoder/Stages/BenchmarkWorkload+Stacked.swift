package import RunProtocol
package import Training

/// Autoencoders whose training is measured: squared error, Adam.
extension BenchmarkWorkload {
    /// inputs-units-inputs, ReLU and sigmoid, L1 0.001.
    package static func dense(
        inputs: Int, units: Int, decoder: DecoderConstraint, batchSize: Int, samples: Int,
        precision: Precision = .float32
    ) -> BenchmarkWorkload {
        BenchmarkWorkload(
            "\(inputs)-\(units)-\(inputs)",
            NetworkSpec(inputSize: inputs, layers: [LayerSpec(units: units, activation: .relu)]),
            [DecoderSpec(constraint: decoder, activation: .sigmoid)], l1: 0.001, batchSize, samples, precision)
    }

    /// Pictures of 28 x 28: two convolutions of 3 x 3 with stride 2 to 16 and 32 channels, and their transposes, trained
    /// together.
    package static func convolution(
        batchSize: Int, samples: Int, precision: Precision = .float32
    ) -> BenchmarkWorkload {
        let window = ConvolutionWindow(kernel: 3, stride: 2)
        return BenchmarkWorkload(
            "convolutions 1-16-32-16-1 of 28 x 28",
            NetworkSpec(
                inputSize: 784, image: ImageShape(height: 28, width: 28, channels: 1),
                layers: [
                    LayerSpec(units: 16, activation: .relu, window: window),
                    LayerSpec(units: 32, activation: .relu, window: window),
                ]),
            [
                DecoderSpec(constraint: .free, activation: .sigmoid), DecoderSpec(constraint: .free, activation: .relu),
            ], l1: 0, batchSize, samples, precision)
    }

    private init(
        _ name: String, _ network: NetworkSpec, _ decoders: [DecoderSpec], l1: Double, _ batchSize: Int,
        _ samples: Int, _ precision: Precision
    ) {
        let settings = StageSettings(
            rounds: 1, replicas: 1, localEpochs: 1, batchSize: batchSize, loss: .meanSquaredError,
            outputActivation: decoders[0].activation, corruption: .none, l1: l1, decoder: decoders[0].constraint,
            optimizer: .adam(learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8), schedule: .constant,
            outer: .mean, precision: precision)
        let digest = Digest(of: [UInt8]())
        self.init(
            name: name,
            task: AutoencoderStage(layer: 0, decoders: decoders, settings: settings).training(
                of: network, frozen: nil, start: digest,
                on: SampleSet(digest: digest, count: samples, size: network.inputSize, divisor: 255), round: 1, seed: 1)
        )
    }
}
