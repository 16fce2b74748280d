import Kinds
import RandomNumbers
import RunProtocol
import Testing
import Training

@Suite struct FineTuningTests {
    static let network = NetworkSpec(
        inputSize: 12, layers: [LayerSpec(units: 10, activation: .relu), LayerSpec(units: 8, activation: .tanh)])
    static let stack = network.stackParameters(count: 2).initialValues(seed: 8)
    static let adam = OptimizerSettings.adam(learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8)

    /// Samples around one of three points, and which one.
    static func samples(_ count: Int, seed: UInt64) -> (samples: Samples, labels: [Int32]) {
        var random = Philox(key: seed, stream: 0)
        let labels = (0..<count).map { Int32($0 % 3) }
        let numbers = labels.flatMap { label in
            (0..<12).map { Float($0 % 3 == Int(label) ? 1 : 0) + 0.8 * random.nextUnit() }
        }
        return (Samples(count: count, size: 12, numbers: .float32(numbers), divisor: 1), labels)
    }

    static func settings(_ change: (inout FineTuningSettings) -> Void = { _ in }) -> FineTuningSettings {
        var settings = FineTuningSettings(
            epochs: 15, batchSize: 8, optimizer: adam, encoderLearningRate: 0.01, dropout: 0.1, inputDropout: 0.1,
            weightDecay: 0, compareFromScratch: true)
        change(&settings)
        return settings
    }

    private func codes(_ samples: Samples) throws -> Samples {
        try TaskFunctions.codes(of: samples, network: Self.network, layerCount: 2, weights: Self.stack)
    }

    private func tune(
        _ settings: FineTuningSettings, labeled: Int = 30, unlabeled: Int = 0, fromScratch: Bool = false
    ) throws -> TaskResult {
        func set(_ samples: Samples) -> SampleSet {
            SampleSet(digest: TaskTests.digest, count: samples.count, size: 12, divisor: 1)
        }
        let (samples, labels) = Self.samples(labeled, seed: 1)
        let parts = unlabeled == 0 ? [] : [Self.samples(unlabeled, seed: 2).samples, Self.samples(7, seed: 3).samples]
        let work = settings.training(
            of: Self.network, classes: 3, stack: fromScratch ? nil : TaskTests.digest,
            on: LabeledBlobs(samples: set(samples), labels: TaskTests.digest),
            unlabeled: parts.map(set), seed: 4)
        let isOnCodes = work.cut != nil
        func data(_ samples: Samples, classes: [Int32] = []) throws -> TaskData {
            TaskData([isOnCodes ? try codes(samples) : samples], classes: classes)
        }
        var result = try TaskFunctions.train(
            work, given: work.start == nil ? [] : Self.stack, data: data(samples, classes: labels),
            unlabeled: parts.map { try data($0) }, isCancelled: { false })
        if isOnCodes { result.vector = Self.stack + result.vector }
        return result
    }

    private func errors(_ weights: [Float]) throws -> Int {
        let (samples, labels) = Self.samples(300, seed: 9)
        let answers = try TaskFunctions.classify(
            samples, by: Self.network.classifierGraph(classes: 3), weights: weights)
        return zip(labels, answers).count { $0 != $1 }
    }

    static let variants: [FineTuningSettings] = [
        settings(), settings { $0.inputNoise = 0.2 }, settings { $0.maxNorm = 0.5 },
        settings { $0.classWeights = .balanced }, settings { $0.classWeights = .list([1, 2, 0.5]) },
        settings { $0.validationPerClass = 4 }, settings { $0.layerRateDecay = 0.3 },
        settings { $0.schedule = LearningRateSchedule(warmUp: 0.2, decay: .cosine, decayStart: 0.2) },
        settings { ($0.encoderLearningRate, $0.inputDropout) = (0, 0) },
        settings { $0.pseudoLabels = PseudoLabels(rounds: 3, batchSize: 16, confidence: 0.5, ensembling: 0.4) },
        settings {
            ($0.encoderLearningRate, $0.inputDropout, $0.validationPerClass) = (0, 0, 2)
            $0.pseudoLabels = PseudoLabels(rounds: 2, epochs: 2, isBalanced: false, restarts: true)
        },
    ]

    @Test(arguments: variants, [false, true]) func theClassesAreLearntAndBitsRepeat(
        settings: FineTuningSettings, fromScratch: Bool
    ) throws {
        let unlabeled = settings.pseudoLabels == nil ? 0 : 90
        let result = try tune(settings, unlabeled: unlabeled, fromScratch: fromScratch)
        #expect(try tune(settings, unlabeled: unlabeled, fromScratch: fromScratch) == result)
        #expect(result.figures.samples == 30 * settings.epochs)
        #expect(result.figures.metrics["loss"]?.isFinite == true)
        #expect((result.figures.metrics["validationErrors"] != nil) == (settings.validationPerClass != nil))
        #expect(result.figures.series["pseudoLabels"]?.count == settings.pseudoLabels?.rounds)
        #expect(result.figures.series["pseudoLabels"]?.allSatisfy { (0...97).contains($0) } ?? true)
        #expect(try errors(result.vector) < 30)
    }

    /// A rate too small to change a weight has the encoder computed in each step, and gives the same softmax layer.
    @Test func codesComputedOnceGiveTheSameClassifier() throws {
        let plain = Self.settings { ($0.encoderLearningRate, $0.inputDropout, $0.dropout) = (0, 0, 0) }
        let slow = Self.settings { ($0.encoderLearningRate, $0.inputDropout, $0.dropout) = (1e-30, 0, 0) }
        #expect(plain.encoderIsConstant && !slow.encoderIsConstant)
        let (one, other) = (try tune(plain), try tune(slow))
        // Matrix products of other shapes may add in another order.
        #expect(zip(one.vector, other.vector).allSatisfy { abs($0 - $1) < 0.02 })
        #expect(Array(one.vector[..<Self.stack.count]) == Self.stack)
    }

    @Test func lowerLayersLearnMoreSlowly() throws {
        let start = Self.stack
        let tuned = try tune(Self.settings { $0.layerRateDecay = 0 }).vector
        let first = 12 * 10 + 10
        #expect(Array(tuned[..<first]) == Array(start[..<first]))
        #expect(Array(tuned[first..<start.count]) != Array(start[first...]))
    }

    @Test func incomingWeightsAreAtMostSoLong() throws {
        let weights = try tune(Self.settings { $0.maxNorm = 0.5 }).vector
        for unit in 0..<10 {
            let squares = (0..<12).reduce(0) { $0 + weights[$1 * 10 + unit] * weights[$1 * 10 + unit] }
            #expect(squares <= 0.2501)
        }
    }

    @Test func aClassWithoutWeightIsNotLearnt() throws {
        let weights = try tune(Self.settings { $0.classWeights = .list([1, 1, 0]) }).vector
        let (samples, _) = Self.samples(60, seed: 5)
        let answers = try TaskFunctions.classify(
            samples, by: Self.network.classifierGraph(classes: 3), weights: weights)
        #expect(answers.count { $0 == 2 } == 0)
    }

    @Test func theLastExampleOfAClassIsNotSetAside() throws {
        let result = try tune(Self.settings { $0.validationPerClass = 10 }, labeled: 6)
        #expect((0...3).contains(result.figures.metrics["validationErrors"] ?? -1))
        let alone = try tune(Self.settings { $0.validationPerClass = 1 }, labeled: 3)
        #expect(alone.figures.metrics["validationErrors"] == nil)
    }

    @Test func sharesAndConfidenceDecideWhichGuessesAreLearnt() throws {
        func guesses(_ plan: PseudoLabels) throws -> [Double] {
            try tune(Self.settings { $0.pseudoLabels = plan }, unlabeled: 92).figures.series["pseudoLabels"] ?? []
        }
        #expect(try guesses(PseudoLabels(rounds: 3, isBalanced: false)) == [33, 66, 99])
        #expect(try guesses(PseudoLabels(rounds: 2, confidence: 1.0)).allSatisfy { $0 < 99 })
        #expect(try guesses(PseudoLabels(rounds: 1, share: 0.5)).allSatisfy { $0 <= 51 })
    }
}
