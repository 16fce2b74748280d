import Glibc
import RandomNumbers
import RunProtocol
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
    package var shareOfPeak: Double { gigaflopsPerSecond / peakGigaflopsPerSecond }

    /// Multiply-adds count as two.
    package static func operationsPerSample(inputs: Int, units: Int) -> Double {
        // Forward: two products. Backward: two for the weights' gradients, one for the code's.
        Double(2 * inputs * units * 5)
    }

    /// Trains for about `seconds` on each of `slots` threads.
    package static func run(
        inputs: Int, units: Int, batchSize: Int, slots: Int, seconds: Double
    ) -> TrainingBenchmark {
        Engine.useOneThread()
        let alone = Engine.measurePeak()
        let rates = onThreads(slots) { measure(inputs: inputs, units: units, batchSize: batchSize, seconds: seconds) }
        let samplesPerSecond = rates.reduce(0, +)
        return TrainingBenchmark(
            inputs: inputs, units: units, batchSize: batchSize, slots: slots, samplesPerSecond: samplesPerSecond,
            gigaflopsPerSecond: samplesPerSecond * operationsPerSample(inputs: inputs, units: units) / 1e9,
            peakGigaflopsPerSecond: alone * Double(slots) / 1e9)
    }

    /// Samples a second of one thread, after a first task that warms the caches up.
    private static func measure(inputs: Int, units: Int, batchSize: Int, seconds: Double) -> Double {
        let samples = madeUpSamples(inputs: inputs, batchSize: batchSize)
        let work = exampleWork(inputs: inputs, units: units, batchSize: batchSize, samples: samples.count)
        let start = work.network.autoencoderParameters(layer: 0, decoder: .unitNorm).initialValues(seed: 1)
        func task() { _ = try? TaskFunctions.pretrain(work, start: start, samples: samples, isCancelled: { false }) }
        task()
        let clock = ContinuousClock()
        let begin = clock.now
        var tasks = 0
        repeat {
            task()
            tasks += 1
        } while begin.duration(to: clock.now) < .seconds(seconds)
        return Double(tasks * samples.count) / (begin.duration(to: clock.now) / .seconds(1))
    }

    private static func madeUpSamples(inputs: Int, batchSize: Int) -> Samples {
        let count = max(8_192 / batchSize, 1) * batchSize
        var random = Philox(key: 1, stream: 0)
        let numbers = (0..<count * inputs).map { _ in UInt8(truncatingIfNeeded: random.nextBits()) }
        return Samples(count: count, size: inputs, numbers: .uint8(numbers), divisor: 255)
    }

    private static func exampleWork(inputs: Int, units: Int, batchSize: Int, samples: Int) -> PretrainWork {
        let settings = StageSettings(
            rounds: 1, replicas: 1, localEpochs: 1, batchSize: batchSize, loss: .meanSquaredError,
            outputActivation: .sigmoid, corruption: .none, l1: 0.001, decoder: .unitNorm,
            optimizer: .adam(learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8), schedule: .constant,
            outer: .mean)
        let digest = Digest(of: [UInt8]())
        return PretrainWork(
            network: NetworkSpec(inputSize: inputs, layers: [LayerSpec(units: units, activation: .relu)]), layer: 0,
            decoders: [DecoderSpec(constraint: settings.decoder, activation: settings.outputActivation)],
            settings: settings, frozen: nil, start: digest,
            samples: SampleSet(digest: digest, count: samples, size: inputs, divisor: 255), round: 1, seed: 1)
    }

    /// Runs `body` on `count` new threads at once.
    private static func onThreads(_ count: Int, _ body: @escaping @Sendable () -> Double) -> [Double] {
        let boxes = (0..<count).map { _ in Box(body) }
        let threads = boxes.map { box -> pthread_t in
            var thread = pthread_t()
            let argument = Unmanaged.passRetained(box).toOpaque()
            let status = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    Engine.useOneThread()
                    let box = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
                    box.result = box.body()
                    return nil
                }, argument)
            precondition(status == 0, "no thread could be started: error \(status)")
            return thread
        }
        threads.forEach { pthread_join($0, nil) }
        return boxes.map(\.result)
    }

    /// What a thread is to do, and what came of it; read after the thread has ended.
    private final class Box: @unchecked Sendable {
        let body: @Sendable () -> Double
        var result = 0.0

        init(_ body: @escaping @Sendable () -> Double) {
            self.body = body
        }
    }
}
