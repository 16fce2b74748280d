import Kinds
import RunProtocol
import TensorCore
import Testing
import Training

/// Compares the autoencoder of a dense layer with PyTorch.
@Suite struct GoldenTests {
    struct File: Decodable {
        var cases: [Case]
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var activation: Activation
        var output: Activation
        var loss: ReconstructionLoss
        var decoder: DecoderConstraint
        var l1: Double
        var samples: Int
        var inputs: Int
        var units: Int
        var weights: [Double]
        var target: [Double]
        var corrupted: [Double]
        var code: [Double]
        var outputs: [Double]
        var total: Double
        var gradient: [Double]

        var testDescription: String { "\(activation), \(output), \(loss), \(decoder)" }

        /// An autoencoder that has computed its gradient, and the loss.
        func computed(in precision: Precision) throws -> (autoencoder: Autoencoder, total: Double) {
            Engine.useOneThread()
            let network = NetworkSpec(inputSize: inputs, layers: [LayerSpec(units: units, activation: activation)])
            var settings = StageSettings.example(loss: loss, output: output, decoder: decoder, l1: l1)
            settings.precision = precision
            let autoencoder = try Autoencoder(
                network: network, layer: 0, decoders: [settings.decoderSpec], settings: settings,
                weights: weights.map(Float.init), batchSize: samples)
            let target = FloatBuffer(self.target.map(Float.init))
            autoencoder.input.update(from: corrupted.map(Float.init), count: corrupted.count)
            return (autoencoder, autoencoder.computeGradient(target: target.pointer, count: samples))
        }
    }

    static let cases = Golden.read("autoencoders", as: File.self)?.cases ?? []
    static let bfloat16Cases = Golden.read("bfloat16", as: File.self)?.cases ?? []

    @Test func thereAreCases() {
        #expect(Self.cases.count == 6)
        #expect(Self.bfloat16Cases.count == 3)
    }

    @Test(arguments: cases) func forwardAndBackwardAgree(golden: Case) throws {
        let (autoencoder, total) = try golden.computed(in: .float32)
        expectClose([Float(total)], [golden.total])
        expectClose(autoencoder.lastCode, golden.code)
        expectClose(autoencoder.lastOutput, golden.outputs)
        expectClose(autoencoder.gradient.values, golden.gradient)
    }

    /// The reference rounds both factors of each product as well; it is float32 that lies outside of the tolerance.
    @Test(arguments: bfloat16Cases) func productsOfRoundedFactorsAgree(golden: Case) throws {
        let (absolute, relative) = (2e-5, 1e-4)
        let (autoencoder, total) = try golden.computed(in: .bfloat16)
        expectClose([Float(total)], [golden.total], absolute: absolute, relative: relative)
        expectClose(autoencoder.lastCode, golden.code, absolute: absolute, relative: relative)
        expectClose(autoencoder.lastOutput, golden.outputs, absolute: absolute, relative: relative)
        expectClose(autoencoder.gradient.values, golden.gradient, absolute: absolute, relative: relative)

        let exact = try golden.computed(in: .float32).autoencoder.gradient.values
        let outside = zip(exact, golden.gradient).count {
            !Golden.areClose($0, $1, absolute: absolute, relative: relative)
        }
        #expect(outside > exact.count / 2)
    }
}
