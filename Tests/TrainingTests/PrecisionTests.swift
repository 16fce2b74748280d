import Kinds
import RandomNumbers
import RunProtocol
import TensorCore
import Testing
import Training

/// Training with products in bfloat16 beside float32.
@Suite struct PrecisionTests {
    private func pretrain(_ precision: Precision, decoder: DecoderConstraint) throws -> [Float] {
        var settings = StageSettings.example(decoder: decoder)
        settings.precision = precision
        let set = SampleSet(digest: TaskTests.digest, count: 300, size: 40, divisor: 255)
        let work = AutoencoderStage(layer: 0, decoders: [settings.decoderSpec], settings: settings).training(
            of: TaskTests.network, frozen: nil, start: TaskTests.digest, on: set, round: 1, seed: 5)
        let start = TaskTests.network.autoencoderParameters(layer: 0, decoder: decoder).initialValues(seed: 2)
        let result = try TaskFunctions.train(
            work, given: start, data: TaskData([TaskTests.samples]), isCancelled: { false })
        return zip(start, result.vector).map { $0 + $1 }
    }

    private func heldOutError(_ weights: [Float], decoder: DecoderConstraint) throws -> Double {
        let settings = StageSettings.example(decoder: decoder)
        let work = AutoencoderStage(layer: 0, decoders: [settings.decoderSpec], settings: settings).measuring(
            of: TaskTests.network, frozen: nil, weights: TaskTests.digest,
            on: SampleSet(digest: TaskTests.digest, count: 300, size: 40, divisor: 255))
        let result = try TaskFunctions.evaluate(
            work, weights: weights, data: TaskData([TaskTests.samples]), isCancelled: { false })
        return try #require(result.figures.metrics["reconstructionError"])
    }

    @Test(arguments: DecoderConstraint.allCases) func theErrorIsThatOfFloat32(decoder: DecoderConstraint) throws {
        Engine.useOneThread()
        let exact = try pretrain(.float32, decoder: decoder)
        let half = try pretrain(.bfloat16, decoder: decoder)
        #expect(half != exact)
        #expect(try pretrain(.bfloat16, decoder: decoder) == half)
        let (ours, theirs) = (
            try heldOutError(half, decoder: decoder), try heldOutError(exact, decoder: decoder)
        )
        #expect(abs(ours / theirs - 1) < 0.02, "\(ours) instead of \(theirs)")
        #expect(try pretrain(.auto, decoder: decoder) == (Engine.hasBfloat16 ? half : exact))
    }
}
