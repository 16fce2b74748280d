import Kinds
import RandomNumbers
import RunProtocol
import TensorCore
import Testing
import Training

@Suite struct TaskTests {
    static let digest = Digest(of: [UInt8]())
    static let network = NetworkSpec(inputSize: 40, layers: [LayerSpec(units: 60, activation: .relu)])

    /// Samples with something to learn: two of eight fixed patterns, added.
    static let samples: Samples = {
        var random = Philox(key: 1, stream: 0)
        let patterns = (0..<8).map { _ in (0..<40).map { _ in random.next(below: 4) == 0 ? 120 : 0 } }
        let numbers = (0..<300).flatMap { _ -> [UInt8] in
            let (first, second) = (patterns[random.next(below: 8)], patterns[random.next(below: 8)])
            return zip(first, second).map { UInt8($0 + $1) }
        }
        return Samples(count: 300, size: 40, numbers: .uint8(numbers), divisor: 255)
    }()

    func pretrain(_ settings: StageSettings, seed: UInt64 = 5) throws -> TaskResult {
        let work = AutoencoderStage(layer: 0, decoders: [settings.decoderSpec], settings: settings).training(
            of: Self.network, frozen: nil, start: Self.digest,
            on: SampleSet(digest: Self.digest, count: 300, size: 40, divisor: 255), round: 1, seed: seed)
        return try TaskFunctions.train(
            work, given: start(settings), data: TaskData([Self.samples]), isCancelled: { false })
    }

    func start(_ settings: StageSettings) -> [Float] {
        Self.network.autoencoderParameters(layer: 0, decoder: settings.decoder).initialValues(seed: 2)
    }

    func heldOutError(_ weights: [Float], _ settings: StageSettings) throws -> Double {
        let work = AutoencoderStage(layer: 0, decoders: [settings.decoderSpec], settings: settings).measuring(
            of: Self.network, frozen: nil, weights: Self.digest,
            on: SampleSet(digest: Self.digest, count: 300, size: 40, divisor: 255))
        let result = try TaskFunctions.evaluate(
            work, weights: weights, data: TaskData([Self.samples]), isCancelled: { false })
        return try #require(result.figures.metrics["reconstructionError"])
    }

    @Test(arguments: [
        StageSettings.example(), .example(loss: .binaryCrossEntropy, corruption: .masking(probability: 0.3)),
        .example(decoder: .tied, corruption: .gaussian(standardDeviation: 0.2)),
        .example(output: .linear, decoder: .free, optimizer: .sgd(learningRate: 0.005, momentum: 0.9)),
        .example(l1: 0, corruption: .saltAndPepper(probability: 0.2), sparsity: .topK(count: 12)),
        .example(decoder: .free, l1: 0, sparsity: .winnerTakeAll(share: 0.3)),
        .example(loss: .binaryCrossEntropy, l1: 0.3, l1WarmUp: 0.4, revivesDeadUnits: true),
    ]) func theErrorFallsAndBitsRepeat(settings: StageSettings) throws {
        let result = try pretrain(settings)
        let end = zip(start(settings), result.vector).map { $0 + $1 }

        #expect(result.figures.samples == 600)
        #expect(try heldOutError(end, settings) < 0.9 * heldOutError(start(settings), settings))
        #expect(try pretrain(settings) == result)
        #expect(try pretrain(settings, seed: 6) != result)
    }

    @Test func manyThreadsGiveTheSameBits() async throws {
        let expected = try pretrain(.example())
        try await withThrowingTaskGroup(of: TaskResult.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    Engine.useOneThread()
                    return try pretrain(.example())
                }
            }
            for try await result in group { #expect(result == expected) }
        }
    }

    @Test func theDecodersRowsStayAtLengthOne() throws {
        let settings = StageSettings.example()
        let end = zip(start(settings), try pretrain(settings).vector).map { $0 + $1 }
        let decoder = Array(end[(40 * 60 + 60)..<(40 * 60 + 60 + 60 * 40)])
        for row in 0..<60 {
            let squares = decoder[row * 40..<(row + 1) * 40].reduce(0) { $0 + $1 * $1 }
            #expect(abs(squares - 1) < 1e-4)
        }
    }

    @Test func aCancelledTaskEnds() throws {
        let work = AutoencoderStage(layer: 0, decoders: [StageSettings.example().decoderSpec], settings: .example())
            .training(
                of: Self.network, frozen: nil, start: Self.digest,
                on: SampleSet(digest: Self.digest, count: 300, size: 40, divisor: 255), round: 1, seed: 1)
        #expect(throws: TaskCancelled.self) {
            try TaskFunctions.train(
                work, given: start(.example()), data: TaskData([Self.samples]), isCancelled: { true })
        }
    }

    @Test(arguments: [0.0, 0.001]) func fineTuningLearnsItsExamples(encoderRate: Double) throws {
        let settings = FineTuningSettings(
            epochs: 60, batchSize: 16, optimizer: .adam(learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
            encoderLearningRate: encoderRate, dropout: 0.1, inputDropout: 0, weightDecay: 0.01,
            compareFromScratch: true)
        let set = SampleSet(digest: Self.digest, count: 300, size: 40, divisor: 255)
        let work = settings.training(
            of: Self.network, classes: 2, stack: Self.digest, on: LabeledBlobs(samples: set, labels: Self.digest),
            unlabeled: [], seed: 4)
        guard case .uint8(let numbers) = Self.samples.numbers else { return }
        let labels = (0..<300).map { Int32(numbers[$0 * 40 + 3] > 0 ? 1 : 0) }
        let stack = Self.network.stackParameters(count: 1).initialValues(seed: 8)

        let isOnCodes = work.cut != nil
        let inputs = try isOnCodes ? codes(stack) : Self.samples
        var tuned = try TaskFunctions.train(
            work, given: isOnCodes ? [] : stack, data: TaskData([inputs], classes: labels), isCancelled: { false })
        if isOnCodes { tuned.vector = stack + tuned.vector }
        let test = Self.network.testing(
            classes: 2, weights: Self.digest, on: LabeledBlobs(samples: set, labels: Self.digest))
        let result = try TaskFunctions.evaluate(
            test, weights: tuned.vector, data: TaskData([Self.samples], classes: labels), isCancelled: { false })

        let confusion = try #require(result.figures.tables["confusion"])
        #expect(confusion[0][1] + confusion[1][0] < 15)
        #expect((Array(tuned.vector[0..<stack.count]) == stack) == (encoderRate == 0))
    }

    /// The samples as `network` encodes them.
    private func codes(_ stack: [Float]) throws -> Samples {
        try TaskFunctions.codes(of: Self.samples, network: Self.network, layerCount: 1, weights: stack)
    }
}
