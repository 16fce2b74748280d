import Foundation
import RunProtocol
import TensorCore
import Testing
import Training

/// Compares the autoencoder with an independent framework: `scripts/golden/make_golden.py` made the numbers.
@Suite struct GoldenTests {
    struct File: Decodable {
        var cases: [Case]
    }

    struct Case: Decodable, Sendable {
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
    }

    static let cases: [Case] = {
        guard let url = Bundle.module.url(forResource: "Golden/autoencoders", withExtension: "json"),
            let data = try? Data(contentsOf: url), let file = try? JSONDecoder().decode(File.self, from: data)
        else { return [] }
        return file.cases
    }()

    @Test func thereAreCases() {
        #expect(Self.cases.count == 6)
    }

    @Test(arguments: cases) func forwardAndBackwardAgree(golden: Case) {
        let network = NetworkSpec(
            inputSize: golden.inputs, layers: [LayerSpec(units: golden.units, activation: golden.activation)])
        let autoencoder = Autoencoder(
            network: network, layer: 0,
            decoders: [DecoderSpec(constraint: golden.decoder, activation: golden.output)],
            settings: .example(loss: golden.loss, output: golden.output, decoder: golden.decoder, l1: golden.l1),
            weights: golden.weights.map(Float.init), batchSize: golden.samples)
        let target = FloatBuffer(golden.target.map(Float.init))
        autoencoder.input.update(from: golden.corrupted.map(Float.init), count: golden.corrupted.count)

        let total = autoencoder.computeGradient(target: target.pointer, count: golden.samples)

        expectClose([Float(total)], [golden.total])
        expectClose(Array(UnsafeBufferPointer(start: autoencoder.lastCode, count: golden.code.count)), golden.code)
        expectClose(
            Array(UnsafeBufferPointer(start: autoencoder.lastOutput, count: golden.outputs.count)), golden.outputs)
        expectClose(autoencoder.gradient.values, golden.gradient)
    }

    private func expectClose(_ ours: [Float], _ theirs: [Double], absolute: Double = 2e-6, relative: Double = 2e-5) {
        #expect(ours.count == theirs.count)
        for (index, (our, their)) in zip(ours, theirs).enumerated()
        where abs(Double(our) - their) > absolute + relative * abs(their) {
            Issue.record("number \(index): \(our), but the reference has \(their)")
        }
    }
}
