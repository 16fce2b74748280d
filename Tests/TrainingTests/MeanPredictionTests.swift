import Foundation
import Kinds
import RandomNumbers
import RunProtocol
import Testing
import Training

@Suite struct MeanPredictionTests {
    private func meanError(_ rows: [[Float]], _ loss: ReconstructionLoss, batch: Int = 256) -> Double? {
        var mean = MeanPrediction(features: rows[0].count)
        for start in stride(from: 0, to: rows.count, by: batch) {
            let part = rows[start..<min(start + batch, rows.count)]
            mean.add(part.flatMap { $0 }, count: part.count)
        }
        return mean.error(by: loss)
    }

    @Test func ofSquaredErrorItIsTheSumOfVariances() throws {
        // Variances 0.25, 0 and 2/3.
        let rows: [[Float]] = [[0, 7, 1], [1, 7, 2], [0, 7, 3], [1, 7, 2], [0, 7, 1], [1, 7, 3]]
        let error = try #require(meanError(rows, .meanSquaredError, batch: 4))
        #expect(abs(error - (0.25 + 2.0 / 3)) < 1e-12)
    }

    /// A column of 1,000,000 + i: sums of squares alone would lose the variance.
    @Test func valuesFarFromZeroLoseNothing() throws {
        let rows = (0..<1_000).map { [Float(1_000_000 + $0)] }
        let error = try #require(meanError(rows, .meanSquaredError))
        #expect(abs(error - (1_000_000 - 1) / 12.0) < 1e-6)
    }

    @Test func ofBinaryCrossEntropyItIsTheEntropyOfTheMean() throws {
        let rows: [[Float]] = [[0, 1, 0.5], [0, 0, 0.25], [0, 1, 0.75], [0, 1, 0.5]]
        let expected = [0.75, 0.5].reduce(0) { $0 - $1 * log($1) - (1 - $1) * log(1 - $1) }
        #expect(abs(try #require(meanError(rows, .binaryCrossEntropy)) - expected) < 1e-12)
        #expect(meanError([[2], [3]], .binaryCrossEntropy) == nil)
    }

    @Test func aSingleSampleHasNone() {
        #expect(meanError([[1, 2]], .meanSquaredError) == nil)
        #expect(meanError([[1, 2], [1, 2]], .meanSquaredError) == 0)
    }

    @Test func theLogarithmIsThatOfTheSystem() {
        var random = Philox(key: 3, stream: 0)
        for _ in 0..<1_000 {
            let value = Double(random.nextUnit()) + 1e-9
            #expect(abs(MeanPrediction.logarithm(value) - log(value)) <= 4e-16 * max(1, abs(log(value))))
        }
        for value in [1e-300, 0.5, 1, 1.5, 2, 1e300] {
            #expect(abs(MeanPrediction.logarithm(value) - log(value)) <= 4e-16 * max(1, abs(log(value))))
        }
    }

    /// No reconstruction without an encoder is better; the figure stands beside the error.
    @Test(arguments: [ReconstructionLoss.meanSquaredError, .binaryCrossEntropy])
    func aMeasurementHasIt(loss: ReconstructionLoss) throws {
        let settings = StageSettings.example(loss: loss)
        let samples = TaskTests.samples
        let work = AutoencoderStage(layer: 0, decoders: [settings.decoderSpec], settings: settings).measuring(
            of: TaskTests.network, frozen: nil, weights: TaskTests.digest,
            on: SampleSet(digest: TaskTests.digest, count: 300, size: 40, divisor: 255))
        let start = TaskTests.network.autoencoderParameters(layer: 0, decoder: settings.decoder).initialValues(seed: 2)
        let figures = try TaskFunctions.evaluate(
            work, weights: start, data: TaskData([samples]), isCancelled: { false }
        ).figures
        let rows = (0..<samples.count).map { samples.sample($0) }
        #expect(figures.metrics["meanError"] == meanError(rows, loss))
        #expect(try #require(figures.metrics["meanError"]) > 0)
    }
}
