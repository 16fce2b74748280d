import Kinds
import RunProtocol
import TensorCore
import Testing
import Training

/// Compares whole trainings with those of PyTorch's optimizers. Each step sees all samples, so that their order in it
/// does not matter.
@Suite struct GoldenOptimizerTests {
    struct File: Decodable {
        var pretraining: [Pretraining]
        var fineTuning: [FineTuning]
    }

    struct Pretraining: Decodable, Sendable, CustomTestStringConvertible {
        var optimizer: OptimizerSettings
        var decoder: DecoderConstraint
        var loss: ReconstructionLoss
        var l1: Double
        var steps: Int
        var samples: Int
        var inputs: Int
        var units: Int
        var x: [Double]
        var start: [Double]
        var end: [Double]

        var testDescription: String { "\(optimizer), \(decoder)" }
    }

    struct FineTuning: Decodable, Sendable, CustomTestStringConvertible {
        var optimizer: OptimizerSettings
        var encoderRate: Double
        var decay: Double
        var steps: Int
        var samples: Int
        var inputs: Int
        var units: Int
        var classes: Int
        var x: [Double]
        var labels: [Int32]
        var start: [Double]
        var end: [Double]

        var testDescription: String { "\(optimizer), decay \(decay)" }
    }

    static let file = Golden.read("optimizers", as: File.self)

    @Test func thereAreCases() {
        #expect(Self.file?.pretraining.count == 4)
        #expect(Self.file?.fineTuning.count == 3)
    }

    private func network(inputs: Int, units: Int) -> NetworkSpec {
        NetworkSpec(inputSize: inputs, layers: [LayerSpec(units: units, activation: .tanh)])
    }

    private func samples(_ x: [Double], count: Int) -> (set: SampleSet, samples: Samples) {
        (
            SampleSet(digest: TaskTests.digest, count: count, size: x.count / count, divisor: 1),
            Samples(count: count, size: x.count / count, numbers: .float32(x.map(Float.init)), divisor: 1)
        )
    }

    @Test(arguments: file?.pretraining ?? []) func pretrainingAgrees(golden: Pretraining) throws {
        Engine.useOneThread()
        var settings = StageSettings.example(
            loss: golden.loss, decoder: golden.decoder, l1: golden.l1, optimizer: golden.optimizer)
        (settings.localEpochs, settings.schedule) = (golden.steps, .constant)
        #expect(settings.batchSize >= golden.samples)
        let (set, samples) = samples(golden.x, count: golden.samples)
        let work = AutoencoderStage(layer: 0, decoders: [settings.decoderSpec], settings: settings).training(
            of: network(inputs: golden.inputs, units: golden.units), frozen: nil, start: TaskTests.digest, on: set,
            round: 1, seed: 1)
        let start = golden.start.map(Float.init)

        let result = try TaskFunctions.train(
            work, given: start, data: TaskData([samples]), isCancelled: { false })

        expectClose(zip(start, result.vector).map { $0 + $1 }, golden.end, absolute: 1e-5)
    }

    @Test(arguments: file?.fineTuning ?? []) func fineTuningAgrees(golden: FineTuning) throws {
        Engine.useOneThread()
        let settings = FineTuningSettings(
            epochs: golden.steps, batchSize: golden.samples, optimizer: golden.optimizer,
            encoderLearningRate: golden.encoderRate, dropout: 0, inputDropout: 0, weightDecay: golden.decay,
            compareFromScratch: false)
        let (set, samples) = samples(golden.x, count: golden.samples)
        var work = settings.training(
            of: network(inputs: golden.inputs, units: golden.units), classes: golden.classes, stack: TaskTests.digest,
            on: LabeledBlobs(samples: set, labels: TaskTests.digest),
            unlabeled: [], seed: 1)

        // The output's start comes with the encoder's: its own would be drawn from the seed.
        work.start?.count = work.graph.parameters.count
        let result = try TaskFunctions.train(
            work, given: golden.start.map(Float.init), data: TaskData([samples], classes: golden.labels),
            isCancelled: { false })

        expectClose(result.vector, golden.end, absolute: 1e-5)
    }
}
