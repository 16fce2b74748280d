import Kinds
import RandomNumbers
import RunProtocol
import TensorCore
import Testing
import Training

/// Gradients of convolutional, pooled and joint autoencoders against finite differences.
@Suite struct ConvolutionGradientTests {
    struct Case: CustomTestStringConvertible {
        var testDescription: String
        var layers: [LayerSpec]
        var first = 0
        var constraints: [DecoderConstraint]
    }

    static let cases = [
        Case(
            testDescription: "stride 2, transposed, unit norm",
            layers: [LayerSpec(units: 3, activation: .relu, window: .init(kernel: 3, stride: 2))],
            constraints: [.unitNorm]),
        Case(
            testDescription: "tied", layers: [LayerSpec(units: 3, activation: .tanh, window: .init(kernel: 3))],
            constraints: [.tied]),
        Case(
            testDescription: "upsampling",
            layers: [
                LayerSpec(units: 3, activation: .sigmoid, window: .init(kernel: 3, stride: 2, decoder: .upsampling))
            ], constraints: [.free]),
        Case(
            testDescription: "second convolution on a pooled first",
            layers: [
                LayerSpec(units: 2, activation: .relu, window: .init(kernel: 3, pooling: 2)),
                LayerSpec(units: 3, activation: .tanh, window: .init(kernel: 2, stride: 2, pooling: 2)),
            ], first: 1, constraints: [.free]),
        Case(
            testDescription: "convolution, pooling, convolution and dense together",
            layers: [
                LayerSpec(units: 2, activation: .tanh, window: .init(kernel: 3, pooling: 2)),
                LayerSpec(units: 3, activation: .tanh, window: .init(kernel: 3, stride: 2, decoder: .upsampling)),
                LayerSpec(units: 4, activation: .tanh),
            ], constraints: [.free, .tied, .unitNorm]),
        Case(
            testDescription: "dense layers together",
            layers: [LayerSpec(units: 7, activation: .sigmoid), LayerSpec(units: 3, activation: .linear)],
            constraints: [.tied, .free]),
    ]

    @Test(arguments: cases) func autoencoder(example: Case) throws {
        Engine.useOneThread()
        let network = NetworkSpec(
            inputSize: 5 * 6 * 2, image: ImageShape(height: 5, width: 6, channels: 2), layers: example.layers)
        #expect(network.problem == nil)
        let decoders = example.constraints.map { DecoderSpec(constraint: $0, activation: .sigmoid) }
        let parameters = network.autoencoderParameters(first: example.first, decoders: decoders)
        let autoencoder = try Autoencoder(
            network: network, layer: example.first, decoders: decoders, settings: .example(),
            weights: parameters.initialValues(seed: 3).map { $0 + 0.03 }, batchSize: 3)
        var random = Philox(key: 7, stream: 0)
        let target = FloatBuffer((0..<3 * autoencoder.inputs).map { _ in random.nextUnit() })
        autoencoder.input.update(from: target.pointer, count: target.count)

        _ = autoencoder.computeGradient(target: target.pointer, count: 3)

        expectFiniteDifferences(autoencoder.gradient.values, at: autoencoder.weights) {
            autoencoder.computeGradient(target: target.pointer, count: 3) / 3
        }
    }

    /// Large pictures go through a few at a time.
    @Test(arguments: DecoderConstraint.allCases) func aBatchInPartsHasTheMeanOfItsSamplesGradients(
        constraint: DecoderConstraint
    ) throws {
        Engine.useOneThread()
        let network = NetworkSpec(
            inputSize: 784, image: ImageShape(height: 28, width: 28, channels: 1),
            layers: [LayerSpec(units: 12, activation: .relu, window: .init(kernel: 3))])
        let decoders = [DecoderSpec(constraint: constraint, activation: .sigmoid)]
        let start = network.autoencoderParameters(first: 0, decoders: decoders).initialValues(seed: 3)
        let count = 20
        var random = Philox(key: 7, stream: 0)
        let samples = FloatBuffer((0..<count * 784).map { _ in random.nextUnit() })
        func gradients(batchSize: Int) throws -> (loss: Double, mean: [Double]) {
            let autoencoder = try Autoencoder(
                network: network, layer: 0, decoders: decoders, settings: .example(l1: 0.01), weights: start,
                batchSize: batchSize)
            var (loss, sum, seen) = (0.0, [Double](repeating: 0, count: start.count), 0)
            for first in stride(from: 0, to: count, by: batchSize) {
                let target = samples.pointer + first * 784
                autoencoder.input.update(from: target, count: batchSize * 784)
                loss += autoencoder.computeGradient(target: target, count: batchSize) { seen += $0 }
                for (index, value) in autoencoder.gradient.values.enumerated() {
                    sum[index] += Double(value) * Double(batchSize) / Double(count)
                }
            }
            #expect(seen == count)
            return (loss, sum)
        }

        let (whole, single) = (try gradients(batchSize: count), try gradients(batchSize: 1))

        #expect(abs(whole.loss - single.loss) < 1e-4 * single.loss)
        let largest = single.mean.map(abs).max() ?? 0
        for (one, other) in zip(whole.mean, single.mean) { #expect(abs(one - other) < 1e-5 * largest) }
    }

    @Test(arguments: [0.0, 0.4]) func classifier(dropout: Double) throws {
        Engine.useOneThread()
        let network = NetworkSpec(
            inputSize: 36, image: ImageShape(height: 6, width: 6, channels: 1),
            layers: [
                LayerSpec(units: 3, activation: .tanh, window: .init(kernel: 3, pooling: 2)),
                LayerSpec(units: 2, activation: .tanh, window: .init(kernel: 3, pooling: 3)),
                LayerSpec(units: 4, activation: .tanh),
            ])
        var random = Philox(key: 11, stream: 0)
        let x = (0..<4 * 36).map { _ in random.nextUnit() }
        let start = network.classifierParameters(classes: 3).initialValues(seed: 5).map { $0 + 0.05 }
        let classifier = try Classifier(
            network: network, classes: 3, weights: start, batchSize: 4, inputDropout: dropout / 2, dropout: dropout)
        func loss() -> Double {
            classifier.computeGradient(x, labels: [0, 2, 1, 1])
        }

        _ = loss()

        expectFiniteDifferences(classifier.gradient.values, at: classifier.weights) { loss() / 4 }
    }
}
