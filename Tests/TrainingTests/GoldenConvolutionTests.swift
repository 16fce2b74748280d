import Kinds
import RunProtocol
import TensorCore
import Testing
import Training

/// Compares autoencoders of convolutions with PyTorch.
@Suite struct GoldenConvolutionTests {
    struct File: Decodable {
        var cases: [Case]
    }

    /// Numbers of pictures lie channels last, weights as `NetworkSpec` says.
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        var image: ImageShape
        var layers: [LayerSpec]
        /// The lowest layer that is trained; those below are frozen.
        var first: Int
        var decoders: [DecoderSpec]
        var loss: ReconstructionLoss
        var l1: Double
        var samples: Int
        /// Empty where no layer is frozen.
        var pixels: [Double]
        var frozen: [Double]
        var target: [Double]
        var corrupted: [Double]
        var weights: [Double]
        var code: [Double]
        var outputs: [Double]
        var total: Double
        var gradient: [Double]

        var testDescription: String { name }
        var network: NetworkSpec { NetworkSpec(inputSize: image.count, image: image, layers: layers) }
    }

    static let cases = Golden.read("convolutions", as: File.self)?.cases ?? []

    @Test func thereAreCases() {
        #expect(Self.cases.count == 10)
    }

    @Test(arguments: cases) func forwardAndBackwardAgree(golden: Case) throws {
        Engine.useOneThread()
        #expect(golden.network.problem == nil)
        let autoencoder = try Autoencoder(
            network: golden.network, layer: golden.first, decoders: golden.decoders,
            settings: .example(loss: golden.loss, l1: golden.l1), weights: golden.weights.map(Float.init),
            batchSize: golden.samples)
        let target = FloatBuffer(golden.target.map(Float.init))
        autoencoder.input.update(from: golden.corrupted.map(Float.init), count: golden.corrupted.count)

        let total = autoencoder.computeGradient(target: target.pointer, count: golden.samples)

        expectClose([Float(total)], [golden.total])
        expectClose(autoencoder.lastCode, golden.code)
        expectClose(autoencoder.lastOutput, golden.outputs)
        expectClose(autoencoder.gradient.values, golden.gradient)
    }

    /// What the frozen layers below give, pooled and rounded to bfloat16: at most one unit of that apart.
    @Test(arguments: cases.filter { $0.first > 0 }) func pooledCodesAgree(golden: Case) throws {
        Engine.useOneThread()
        let pixels = Samples(
            count: golden.samples, size: golden.image.count, numbers: .float32(golden.pixels.map(Float.init)),
            divisor: 1)
        let codes = try TaskFunctions.codes(
            of: pixels, network: golden.network, layerCount: golden.first, weights: golden.frozen.map(Float.init))
        expectClose((0..<golden.samples).flatMap(codes.sample), golden.target, relative: 0x1p-7)
    }
}
