import RandomNumbers
package import RunProtocol

/// An autoencoder to measure training with, on made-up samples: squared error, Adam.
package struct BenchmarkWorkload: Sendable {
    package var name: String
    package var network: NetworkSpec
    package var decoders: [DecoderSpec]
    package var l1: Double
    package var precision = Precision.float32
    package var batchSize: Int
    /// How many a task goes through.
    package var samples: Int

    /// inputs-units-inputs, ReLU and sigmoid, L1 0.001.
    package static func dense(
        inputs: Int, units: Int, decoder: DecoderConstraint, batchSize: Int, samples: Int
    ) -> BenchmarkWorkload {
        BenchmarkWorkload(
            name: "\(inputs)-\(units)-\(inputs)",
            network: NetworkSpec(inputSize: inputs, layers: [LayerSpec(units: units, activation: .relu)]),
            decoders: [DecoderSpec(constraint: decoder, activation: .sigmoid)], l1: 0.001, batchSize: batchSize,
            samples: samples)
    }

    /// Pictures of 28 x 28: two convolutions of 3 x 3 with stride 2 to 16 and 32 channels, and their transposes, trained
    /// together.
    package static func convolution(batchSize: Int, samples: Int) -> BenchmarkWorkload {
        let window = ConvolutionWindow(kernel: 3, stride: 2)
        return BenchmarkWorkload(
            name: "convolutions 1-16-32-16-1 of 28 x 28",
            network: NetworkSpec(
                inputSize: 784, image: ImageShape(height: 28, width: 28, channels: 1),
                layers: [
                    LayerSpec(units: 16, activation: .relu, window: window),
                    LayerSpec(units: 32, activation: .relu, window: window),
                ]),
            decoders: [
                DecoderSpec(constraint: .free, activation: .sigmoid), DecoderSpec(constraint: .free, activation: .relu),
            ], l1: 0, batchSize: batchSize, samples: samples)
    }

    /// Floating-point operations of the products of a training step, for one sample; multiply-adds count as two.
    package var operationsPerSample: Double {
        task.graph.trainingOperations(trained: task.settings.trained)
    }

    /// The training of one task.
    var task: TrainWork {
        let settings = StageSettings(
            rounds: 1, replicas: 1, localEpochs: 1, batchSize: batchSize, loss: .meanSquaredError,
            outputActivation: decoders[0].activation, corruption: .none, l1: l1, decoder: decoders[0].constraint,
            optimizer: .adam(learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8), schedule: .constant,
            outer: .mean, precision: precision)
        let digest = Digest(of: [UInt8]())
        return AutoencoderStage(layer: 0, decoders: decoders, settings: settings).training(
            of: network, frozen: nil, start: digest,
            on: SampleSet(digest: digest, count: samples, size: network.inputSize, divisor: 255), round: 1, seed: 1)
    }

    /// Where the task starts.
    var start: [Float] {
        network.autoencoderParameters(first: 0, decoders: decoders).initialValues(seed: 1)
    }

    var madeUpSamples: Samples {
        var random = Philox(key: 1, stream: 0)
        let numbers = (0..<samples * network.inputSize).map { _ in UInt8(truncatingIfNeeded: random.nextBits()) }
        return Samples(count: samples, size: network.inputSize, numbers: .uint8(numbers), divisor: 255)
    }
}
