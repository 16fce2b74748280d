import RandomNumbers
package import RunProtocol

/// A task to measure training with, on made-up samples.
package struct BenchmarkWorkload: Sendable {
    package var name: String
    package var task: TrainWork

    package init(name: String, task: TrainWork) {
        (self.name, self.task) = (name, task)
    }

    /// Floating-point operations of the products of a training step, for one sample; multiply-adds count as two.
    package var operationsPerSample: Double {
        task.graph.trainingOperations(trained: task.settings.trained)
    }

    /// Where the task starts.
    var start: [Float] { task.graph.parameters.initialValues(seed: 1) }

    var madeUpSamples: Samples {
        let (count, size) = (task.data.count, task.data.fields[0].size ?? 0)
        var random = Philox(key: 1, stream: 0)
        let numbers = (0..<count * size).map { _ in UInt8(truncatingIfNeeded: random.nextBits()) }
        return Samples(count: count, size: size, numbers: .uint8(numbers), divisor: 255)
    }
}
