import Kinds
import RandomNumbers
import RunProtocol
import TensorCore
import Testing
import Training

/// Gradients of autoencoders that keep few activations: where the choice stays the same, the loss has one.
@Suite struct SparseGradientTests {
    static let sparsities: [Sparsity] = [.topK(count: 3), .winnerTakeAll(share: 0.5)]
    static let dense: [(Activation, DecoderConstraint, Sparsity)] = Activation.allCases.flatMap { activation in
        DecoderConstraint.allCases.flatMap { decoder in sparsities.map { (activation, decoder, $0) } }
    }

    @Test(arguments: dense) func denseLayer(activation: Activation, decoder: DecoderConstraint, sparsity: Sparsity)
        throws
    {
        let network = NetworkSpec(inputSize: 9, layers: [LayerSpec(units: 6, activation: activation)])
        try expectGradient(network, decoder: decoder, sparsity: sparsity)
    }

    @Test(arguments: [Activation.relu, .tanh], sparsities)
    func convolution(activation: Activation, sparsity: Sparsity) throws {
        let layer = LayerSpec(units: 4, activation: activation, window: .init(kernel: 3, stride: 2))
        let network = NetworkSpec(
            inputSize: 30, image: ImageShape(height: 5, width: 6, channels: 1), layers: [layer])
        try expectGradient(network, decoder: .free, sparsity: sparsity)
    }

    /// An exported network is decoded as its decoder was trained.
    @Test(arguments: sparsities + [.none]) func reconstructionsSeeWhatTheDecoderSaw(sparsity: Sparsity) throws {
        let window = ConvolutionWindow(kernel: 3, stride: 1, pooling: 2)
        let network = NetworkSpec(
            inputSize: 30, image: ImageShape(height: 5, width: 6, channels: 1),
            layers: [LayerSpec(units: 4, activation: .relu, window: window)])
        let settings = StageSettings.example(decoder: .free, sparsity: sparsity)
        let weights = network.autoencoderParameters(layer: 0, decoder: .free).initialValues(seed: 3)
        var random = Philox(key: 8, stream: 0)
        let samples = Samples(
            count: 5, size: 30, numbers: .float32((0..<150).map { _ in random.nextUnit() }), divisor: 1)
        let set = SampleSet(digest: Digest(of: []), count: 5, size: 30, divisor: 1)
        let work = AutoencoderStage(layer: 0, decoders: [settings.decoderSpec], settings: settings).measuring(
            of: network, frozen: nil, weights: set.digest, on: set)
        let measured = try TaskFunctions.evaluate(
            work, weights: weights, data: TaskData([samples])
        ) { false }
        let (graph, values) = network.autoencoderGraph(
            layer: 0, decoders: [settings.decoderSpec], sparsity: [sparsity])
        var measure = ReconstructionMeasure(
            Reconstruction(graph, target: values.target, output: values.output, weights: weights))
        try measure.add(samples)
        #expect(abs(try #require(measured.figures.metrics["reconstructionError"]) - measure.error) < 1e-4)
    }

    private func expectGradient(_ network: NetworkSpec, decoder: DecoderConstraint, sparsity: Sparsity) throws {
        let settings = StageSettings.example(decoder: decoder, sparsity: sparsity)
        let parameters = network.autoencoderParameters(layer: 0, decoder: decoder)
        let autoencoder = try Autoencoder(
            network: network, layer: 0, decoders: [settings.decoderSpec], settings: settings,
            weights: parameters.initialValues(seed: 3).map { $0 + 0.05 }, batchSize: 4)
        var random = Philox(key: 7, stream: 0)
        let target = FloatBuffer((0..<4 * network.inputSize).map { _ in random.nextUnit() })
        autoencoder.input.update(from: target.pointer, count: target.count)

        _ = autoencoder.computeGradient(target: target.pointer, count: 4)
        let size = network.codeSize(ofLayer: 0)
        let code = Array(UnsafeBufferPointer(start: autoencoder.lastCode, count: 4 * size))

        if case .topK(let count) = sparsity {
            for sample in 0..<4 { #expect(code[sample * size..<(sample + 1) * size].count { $0 != 0 } <= count) }
        } else {
            for unit in 0..<autoencoder.units {
                #expect(stride(from: unit, to: code.count, by: autoencoder.units).count { code[$0] != 0 } <= 2)
            }
        }
        expectFiniteDifferences(autoencoder.gradient.values, at: autoencoder.weights) {
            autoencoder.computeGradient(target: target.pointer, count: 4) / 4
        }
    }
}
