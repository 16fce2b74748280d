import RandomNumbers
package import RunProtocol
import TensorCore

/// How fast autoencoders train here: the real training function on made-up samples.
package struct TrainingBenchmark: Codable, Sendable {
    package var inputs: Int
    package var units: Int
    package var batchSize: Int
    /// Threads that each train an autoencoder of their own.
    package var slots: Int
    package var samplesPerSecond: Double
    /// Of the matrix products only: 2 FLOP a multiply-add; three products forward and backward for each of the two
    /// weights, less the one for the gradient of the samples, which nobody needs.
    package var gigaflopsPerSecond: Double
    /// Fused multiply-adds on registers alone, all slots together.
    package var peakGigaflopsPerSecond: Double
    /// 0 ... 1
    package var shareOfPeak: Double

    /// Multiply-adds count as two.
    package static func operationsPerSample(inputs: Int, units: Int) -> Double {
        // Forward: two products. Backward: two for the weights' gradients, one for the code's.
        Double(2 * inputs * units * 5)
    }

    /// Trains for about `seconds` on each of `slots` threads.
    ///
    /// - Parameters:
    ///   - samples: how many a task goes through.
    ///   - pinned: whether each thread stays on a core of its own, where there are enough.
    package static func run(
        inputs: Int, units: Int, batchSize: Int, samples: Int = 8_192, decoder: DecoderConstraint = .unitNorm,
        slots: Int, seconds: Double, pinned: Bool
    ) -> TrainingBenchmark {
        let measured = ComputeThread.results(count: slots, pinned: pinned) { _ in
            let peak = Engine.measurePeak()
            let samples = madeUpSamples(count: samples, inputs: inputs)
            let work = exampleWork(
                inputs: inputs, units: units, batchSize: batchSize, samples: samples.count, decoder: decoder)
            return (peak: peak, rate: measure(work, samples: samples, seconds: seconds))
        }
        let samplesPerSecond = measured.reduce(0) { $0 + $1.rate }
        let gigaflops = samplesPerSecond * operationsPerSample(inputs: inputs, units: units) / 1e9
        let peak = measured.reduce(0) { $0 + $1.peak } / 1e9
        return TrainingBenchmark(
            inputs: inputs, units: units, batchSize: batchSize, slots: slots, samplesPerSecond: samplesPerSecond,
            gigaflopsPerSecond: gigaflops, peakGigaflopsPerSecond: peak, shareOfPeak: gigaflops / peak)
    }

    /// Samples a second of one thread, after a first task that warms the caches up.
    private static func measure(_ work: PretrainWork, samples: Samples, seconds: Double) -> Double {
        let start = work.network.autoencoderParameters(layer: 0, decoder: work.settings.decoder).initialValues(seed: 1)
        func task() { _ = try? TaskFunctions.pretrain(work, start: start, samples: samples, isCancelled: { false }) }
        task()
        var tasks = 0
        let taken = ContinuousClock().repeating(for: seconds) {
            task()
            tasks += 1
        }
        return Double(tasks * samples.count) / taken
    }

    private static func madeUpSamples(count: Int, inputs: Int) -> Samples {
        var random = Philox(key: 1, stream: 0)
        let numbers = (0..<count * inputs).map { _ in UInt8(truncatingIfNeeded: random.nextBits()) }
        return Samples(count: count, size: inputs, numbers: .uint8(numbers), divisor: 255)
    }

    private static func exampleWork(
        inputs: Int, units: Int, batchSize: Int, samples: Int, decoder: DecoderConstraint
    ) -> PretrainWork {
        let settings = StageSettings(
            rounds: 1, replicas: 1, localEpochs: 1, batchSize: batchSize, loss: .meanSquaredError,
            outputActivation: .sigmoid, corruption: .none, l1: 0.001, decoder: decoder,
            optimizer: .adam(learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8), schedule: .constant,
            outer: .mean)
        let digest = Digest(of: [UInt8]())
        return PretrainWork(
            network: NetworkSpec(inputSize: inputs, layers: [LayerSpec(units: units, activation: .relu)]), layer: 0,
            decoders: [DecoderSpec(constraint: settings.decoder, activation: settings.outputActivation)],
            settings: settings, frozen: nil, start: digest,
            samples: SampleSet(digest: digest, count: samples, size: inputs, divisor: 255), round: 1, seed: 1)
    }
}
