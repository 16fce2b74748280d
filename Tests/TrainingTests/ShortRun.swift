import Averaging
import Kinds
import RandomNumbers
import RunProtocol
import TensorCore
import Training

/// A small run without processes or files: greedy pretraining of three layers by two replicas each, averaged exactly,
/// then fine-tuning. It uses a bit of everything whose bits should not change by accident.
enum ShortRun {
    private static let seed: UInt64 = 20
    private static let shardSize = 150
    private static let replicas = 2

    private static let network = NetworkSpec(
        inputSize: 144, image: ImageShape(height: 12, width: 12, channels: 1),
        layers: [
            LayerSpec(units: 8, activation: .relu, window: .init(kernel: 3, pooling: 2)),
            LayerSpec(units: 12, activation: .tanh, window: .init(kernel: 3, stride: 2, decoder: .upsampling)),
            LayerSpec(units: 30, activation: .relu),
        ])

    private static let stages: [StageSettings] = {
        var stages = [
            StageSettings.example(decoder: .unitNorm, l1: 0.02, corruption: .masking(probability: 0.3)),
            .example(
                output: .linear, decoder: .tied, l1: 0, corruption: .gaussian(standardDeviation: 0.1),
                optimizer: .sgd(learningRate: 0.002, momentum: 0.9)),
            .example(
                output: .tanh, decoder: .unitNorm, l1: 0.05, corruption: .saltAndPepper(probability: 0.1),
                l1WarmUp: 0.5, sparsity: .topK(count: 10), revivesDeadUnits: true),
        ]
        for index in stages.indices { (stages[index].rounds, stages[index].replicas) = (2, replicas) }
        stages[0].randomShift = 1
        stages[1].weightDecay = 0.01
        stages[2].outer = .nesterov(learningRate: 0.7, momentum: 0.5)
        stages[2].schedule = LearningRateSchedule(warmUp: 0.1, decay: .cosine, decayStart: 0.3)
        return stages
    }()

    private static let fineTuning = FineTuningSettings(
        epochs: 4, batchSize: 16, optimizer: .adam(learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
        encoderLearningRate: 0.002, dropout: 0.2, inputDropout: 0.1, weightDecay: 0.01, compareFromScratch: false,
        layerRateDecay: 0.5, maxNorm: 2)

    /// Pictures of a bar, faint or strong, over noise; which of three bars is the class.
    private static func shard(_ index: Int) -> (samples: Samples, labels: [Int32]) {
        var random = Philox(key: seed, stream: UInt64(index))
        let labels = (0..<shardSize).map { _ in Int32(random.next(below: 3)) }
        let numbers = labels.flatMap { label in
            let strength = 60 + random.next(below: 140)
            return (0..<144).map { place in
                let (row, column) = (place / 12, place % 12)
                let isBar = label == 0 ? row / 3 == 1 : label == 1 ? column / 3 == 2 : (row + column) / 3 == 3
                return UInt8((isBar ? strength : 0) + random.next(below: 50))
            }
        }
        return (Samples(count: shardSize, size: 144, numbers: .uint8(numbers), divisor: 255), labels)
    }

    /// The SHA-256 of all weights: each layer's autoencoder, then the classifier.
    ///
    /// - Parameter threads: how many compute at a time; each task runs on one of them alone.
    static func digest(threads: Int) throws -> Digest {
        var (all, stack): ([Float], [Float]) = ([], [])
        for layer in stages.indices {
            let weights = try pretrained(layer: layer, stack: stack, threads: threads)
            all += weights
            stack += weights[..<network.encoderParameters(layer: layer).elementCount]
        }
        all += try fineTuned(stack)
        return all.withUnsafeBytes { Digest(of: Array($0)) }
    }

    private static func pretrained(layer: Int, stack: [Float], threads: Int) throws -> [Float] {
        let settings = stages[layer]
        let parameters = network.autoencoderParameters(layer: layer, decoder: settings.decoder)
        let shards = try onThreads(threads, count: replicas) { index in
            let samples = shard(index).samples
            guard layer > 0 else { return samples }
            return try TaskFunctions.codes(of: samples, network: network, layerCount: layer, weights: stack)
        }
        var weights = parameters.initialValues(seed: Seed.derive(from: seed, UInt64(layer)))
        var momentum: [Float] = []
        for round in 1...settings.rounds {
            let start = weights
            let results = try onThreads(threads, count: replicas) { replica in
                let samples = shards[replica]
                let work = AutoencoderStage(layer: layer, decoders: [settings.decoderSpec], settings: settings)
                    .training(
                        of: network, frozen: nil, start: TaskTests.digest, on: set(samples), round: round,
                        seed: Seed.derive(from: seed, UInt64(layer), UInt64(round), UInt64(replica)))
                return try TaskFunctions.train(
                    work, given: start, data: TaskData([samples]), isCancelled: { false })
            }
            var sum = ExactSum(
                elementCount: weights.count, totalSamples: results.reduce(0) { $0 + $1.figures.samples })
            for result in results { try sum.add(result.vector, samples: result.figures.samples) }
            settings.outer.step(&weights, momentum: &momentum, delta: sum.mean(), parameters: parameters)
        }
        return weights
    }

    private static func fineTuned(_ stack: [Float]) throws -> [Float] {
        let results = try onThreads(1, count: 1) { _ in
            let (samples, labels) = shard(0)
            let work = fineTuning.training(
                of: network, classes: 3, stack: TaskTests.digest,
                on: LabeledBlobs(samples: set(samples), labels: TaskTests.digest),
                unlabeled: [], seed: seed)
            return try TaskFunctions.train(
                work, given: stack, data: TaskData([samples], classes: labels), isCancelled: { false })
        }
        return results[0].vector
    }

    private static func set(_ samples: Samples) -> SampleSet {
        SampleSet(digest: TaskTests.digest, count: samples.count, size: samples.size, divisor: samples.divisor)
    }

    /// What `body` makes of 0 ..< count, in that order.
    private static func onThreads<Output: Sendable>(
        _ threads: Int, count: Int, _ body: @escaping @Sendable (Int) throws -> Output
    ) throws -> [Output] {
        let parts = ComputeThread.results(count: threads, pinned: false) { thread in
            Result { try stride(from: thread, to: count, by: threads).map { try body($0) } }
        }
        let outputs = try parts.map { try $0.get() }
        return (0..<count).map { outputs[$0 % threads][$0 / threads] }
    }
}
