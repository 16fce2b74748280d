package import RunProtocol
import TensorCore

/// A network that gives samples back: an output beside the value that it is to be.
package struct Reconstruction: Sendable {
    package let graph: Graph
    package let target: Int
    package let output: Int
    /// The graph's parameters, flat.
    package let weights: [Float]

    package init(_ graph: Graph, target: Int, output: Int, weights: [Float]) {
        (self.graph, self.target, self.output, self.weights) = (graph, target, output, weights)
    }

    /// How many numbers a sample has.
    fileprivate var size: Int { graph.inputs[target].shape.reduce(1, *) }

    /// What samples become.
    /// - Parameter progress: is told how many samples more are done, again and again.
    /// - Returns: (count, size), row-major, on the scale of the samples divided by their divisor.
    package func reconstruct(_ samples: Samples, progress: (Int) -> Void = { _ in }) throws -> [Float] {
        var rows: [Float] = []
        rows.reserveCapacity(samples.count * size)
        try forEachBatch(of: samples) { _, decoded in
            rows += decoded
            progress(decoded.count / size)
        }
        return rows
    }

    /// The memory that it takes at most, in bytes, with the weights in memory already.
    /// - Parameter kept: how many samples' reconstructions are kept.
    package func memory(samples: Int, kept: Int = 0) throws -> Int {
        TaskMemory.scratch + (try TaskMemory.inferring(graph, samples: samples)) + kept * size * 4
    }

    /// Calls `body` with the samples of a batch and what they become.
    fileprivate func forEachBatch(
        of samples: Samples,
        _ body: (_ whole: UnsafeBufferPointer<Float>, _ decoded: UnsafeBufferPointer<Float>) -> Void
    ) throws {
        try TaskFunctions.forEachBatch(of: graph, weights: weights, data: TaskData([samples])) { executor, count in
            body(
                UnsafeBufferPointer(start: executor.value(target), count: count * size),
                UnsafeBufferPointer(start: executor.value(output), count: count * size))
        }
    }
}

/// How far samples that go through a network are from what they were, measured part by part.
package struct ReconstructionMeasure {
    private let network: Reconstruction
    private var sum = 0.0
    private var mean: MeanPrediction
    private var count = 0

    package init(_ network: Reconstruction) {
        self.network = network
        mean = MeanPrediction(features: network.size)
    }

    /// - Parameter progress: is told how many samples more are done, again and again.
    package mutating func add(_ samples: Samples, progress: (Int) -> Void = { _ in }) throws {
        var (sum, mean) = (sum, mean)
        let size = network.size
        try network.forEachBatch(of: samples) { whole, decoded in
            for (x, y) in zip(whole, decoded) { sum += Double((x - y) * (x - y)) }
            if let base = whole.baseAddress { mean.add(base, count: whole.count / size) }
            progress(whole.count / size)
        }
        (self.sum, self.mean) = (sum, mean)
        count += samples.count
    }

    /// The mean over samples of the squared difference between a sample and what it becomes, summed over its numbers.
    package var error: Double { sum / Double(count) }
    /// That of predicting each feature's mean; nil for a single sample.
    package var meanError: Double? { mean.error(by: .meanSquaredError) }
}
