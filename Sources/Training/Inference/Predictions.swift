package import RunProtocol
import TensorCore

/// Classes that a network predicts: the last value of its graph has a number for each.
extension TaskFunctions {
    /// The most probable class of each sample, the lowest of equal ones, and its probability.
    /// - Parameter batchSize: how many samples are in memory at once.
    package static func predictions(
        of graph: Graph, weights: [Float], samples: Samples, batchSize: Int
    ) throws -> [(label: Int32, confidence: Float)] {
        let output = graph.valueCount - 1
        // The loss brings probabilities along; it depends on labels, they do not.
        let objective = Objective(.crossEntropy(field: Field.labels, weights: .equal), of: output)
        let executor = try GraphExecutor(
            graph, weights: weights, batchSize: min(batchSize, samples.count), objective: objective)
        let classes = executor.plan.sizes[output]
        var predictions: [(label: Int32, confidence: Float)] = []
        try forEachBatch(of: TaskData([samples]), in: executor, isCancelled: { false }) { count in
            executor.forward(0..<count)
            let context = LossContext(objective: objective, classes: [Int32](repeating: 0, count: count))
            _ = executor.loss(0..<count, context)
            let probabilities = Array(UnsafeBufferPointer(start: executor.value(output), count: count * classes))
            predictions += Guesses.answers(probabilities, classes: classes).map { ($0.label, $0.confidence) }
        }
        return predictions
    }

    /// The most probable class of each sample, the lowest of equal ones.
    /// - Parameter progress: is told how many samples more are done, again and again.
    package static func classify(
        _ samples: Samples, by graph: Graph, weights: [Float], isCancelled: () -> Bool = { false },
        progress: (Int) -> Void = { _ in }
    ) throws -> [Int32] {
        var labels: [Int32] = []
        try forEachBatch(
            of: graph, weights: weights, data: TaskData([samples]), isCancelled: isCancelled
        ) { executor, count in
            labels += executor.largest(ofValue: graph.valueCount - 1, count: count)
            progress(count)
        }
        return labels
    }

    /// The memory that `classify` takes at most, in bytes, with the weights in memory already.
    package static func classifyingMemory(_ graph: Graph, classes: Int, samples: Int) throws -> Int {
        TaskMemory.scratch + (try TaskMemory.inferring(graph, samples: samples)) + samples * 12 + classes * classes * 8
    }
}
