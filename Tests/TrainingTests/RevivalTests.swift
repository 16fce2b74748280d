import Kinds
import RunProtocol
import Testing
import Training

@Suite struct RevivalTests {
    /// How many units are dead on the samples after a task that begins with ten dead ones.
    private func deadUnits(_ settings: StageSettings) throws -> Double {
        let network = TaskTests.network
        let parameters = network.autoencoderParameters(layer: 0, decoder: settings.decoder)
        var start = parameters.initialValues(seed: 2)
        for unit in 0..<10 { start[40 * 60 + unit] = -100 }
        let set = SampleSet(digest: TaskTests.digest, count: 300, size: 40, divisor: 255)
        let work = AutoencoderStage(layer: 0, decoders: [settings.decoderSpec], settings: settings).training(
            of: network, frozen: nil, start: TaskTests.digest, on: set, round: 1, seed: 3)
        let result = try TaskFunctions.train(
            work, given: start, data: TaskData([TaskTests.samples]), isCancelled: { false })
        #expect(result.vector.allSatisfy { $0.isFinite })
        let measurement = AutoencoderStage(layer: 0, decoders: [settings.decoderSpec], settings: settings).measuring(
            of: network, frozen: nil, weights: TaskTests.digest, on: set)
        let measured = try TaskFunctions.evaluate(
            measurement, weights: zip(start, result.vector).map { $0 + $1 }, data: TaskData([TaskTests.samples]),
            isCancelled: { false })
        return try #require(measured.figures.metrics["deadUnits"])
    }

    @Test(arguments: DecoderConstraint.allCases) func deadUnitsLiveAgain(decoder: DecoderConstraint) throws {
        let left = try deadUnits(.example(decoder: decoder, l1: 0.01))
        let revived = try deadUnits(.example(decoder: decoder, l1: 0.01, revivesDeadUnits: true))
        #expect(left >= 10)
        #expect(revived < left - 6)
    }
}
