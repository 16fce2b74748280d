import RandomNumbers
package import RunProtocol
import TensorCore

/// How fast networks train here: the real training function on made-up samples.
package struct TrainingBenchmark: Codable, Sendable {
    package var workload: String
    package var precision: Precision
    package var batchSize: Int
    /// Threads that each train a network of their own.
    package var slots: Int
    package var samplesPerSecond: Double
    /// Of the products with weights only: 2 FLOP a multiply-add.
    package var gigaflopsPerSecond: Double
    /// Fused multiply-adds on registers alone, all slots together; with bfloat16 its dot products where there are any.
    package var peakGigaflopsPerSecond: Double
    /// 0 ... 1
    package var shareOfPeak: Double
    /// The first slot's, where it was asked for.
    package var profile: [StepProfile.Row]?

    /// Trains for about `seconds` on each of `slots` threads.
    /// - Parameters:
    ///   - pinned: whether each thread stays on a core of its own, where there are enough.
    ///   - profiled: whether to measure each part of a step; that takes some time itself.
    package static func run(
        _ workload: BenchmarkWorkload, slots: Int, seconds: Double, pinned: Bool, profiled: Bool = false
    ) -> TrainingBenchmark {
        let measured = ComputeThread.results(count: slots, pinned: pinned) { _ in
            let profile = profiled ? StepProfile() : nil
            let rate = measure(workload, seconds: seconds, profile)
            return (peak: measurePeak(workload.task.settings.precision), rate: rate, profile: profile?.rows)
        }
        let samplesPerSecond = measured.reduce(0) { $0 + $1.rate }
        let gigaflops = samplesPerSecond * workload.operationsPerSample / 1e9
        let peak = measured.reduce(0) { $0 + $1.peak } / 1e9
        return TrainingBenchmark(
            workload: workload.name, precision: workload.task.settings.precision,
            batchSize: workload.task.settings.batchSize, slots: slots, samplesPerSecond: samplesPerSecond,
            gigaflopsPerSecond: gigaflops, peakGigaflopsPerSecond: peak, shareOfPeak: gigaflops / peak,
            profile: measured[0].profile)
    }

    private static func measurePeak(_ precision: Precision) -> Double {
        (precision == .float32 ? nil : Engine.measureBfloat16Peak(bursts: 10)) ?? Engine.measurePeak(bursts: 10)
    }

    /// Samples a second of one thread, after a first task that warms the caches up.
    private static func measure(
        _ workload: BenchmarkWorkload, seconds: Double, _ profile: StepProfile?
    ) -> Double {
        let (work, start, samples) = (workload.task, workload.start, workload.madeUpSamples)
        func task() {
            _ = try? TaskFunctions.train(
                work, given: start, data: TaskData([samples]), profile: profile, isCancelled: { false })
        }
        task()
        profile?.restart()
        var tasks = 0
        let taken = ContinuousClock().repeating(for: seconds) {
            task()
            tasks += 1
        }
        return Double(tasks * samples.count) / taken
    }
}

/// A task to measure training with, on made-up samples.
package struct BenchmarkWorkload: Sendable {
    package var name: String
    package var task: TrainWork

    package init(name: String, task: TrainWork) { (self.name, self.task) = (name, task) }

    /// Floating-point operations of the products of a training step, for one sample; multiply-adds count as two.
    package var operationsPerSample: Double { task.graph.trainingOperations(trained: task.settings.trained) }

    /// Where the task starts.
    var start: [Float] { task.graph.parameters.initialValues(seed: 1) }

    var madeUpSamples: Samples {
        let (count, size) = (task.data.count, task.data.fields[0].size ?? 0)
        var random = Philox(key: 1, stream: 0)
        let numbers = (0..<count * size).map { _ in UInt8(truncatingIfNeeded: random.nextBits()) }
        return Samples(count: count, size: size, numbers: .uint8(numbers), divisor: 255)
    }
}
