package import RunProtocol
import TensorCore

/// A network's layers with their decoders: samples are encoded by all layers and decoded again, layer by layer.
package struct LayerStack: Sendable {
    package let network: NetworkSpec
    /// One for each layer.
    package let decoders: [DecoderSpec]
    /// What each layer's decoder sees of its code; nil: all.
    package let sparsity: [Sparsity]?
    /// The layers' `autoencoderParameters`, flat, from the input upwards.
    package let weights: [Float]

    package init(network: NetworkSpec, decoders: [DecoderSpec], sparsity: [Sparsity]?, weights: [Float]) {
        (self.network, self.decoders, self.sparsity, self.weights) = (network, decoders, sparsity, weights)
    }

    /// Samples encoded and decoded again.
    ///
    /// - Parameter progress: is told how many samples more are done, again and again.
    /// - Returns: (count, inputSize), row-major, on the scale of the samples divided by their divisor.
    package func reconstruct(_ samples: Samples, progress: (Int) -> Void = { _ in }) throws -> [Float] {
        var rows: [Float] = []
        rows.reserveCapacity(samples.count * network.inputSize)
        try forEachReconstruction(of: samples) { _, decoded in
            rows += decoded
            progress(decoded.count / network.inputSize)
        }
        return rows
    }

    /// The memory that sending samples through all layers and back takes at most, in bytes, with the weights in memory
    /// already.
    ///
    /// - Parameter kept: how many samples' reconstructions are kept.
    package static func memory(
        _ network: NetworkSpec, decoders: [DecoderSpec], samples: Int, kept: Int
    ) throws(GraphProblem) -> Int {
        let graph = network.autoencoderGraph(layer: 0, decoders: decoders).graph
        return TaskMemory.scratch + (try TaskMemory.inferring(graph, samples: samples)) + kept * network.inputSize * 4
    }

    /// Calls `body` with the samples of a batch and what they are decoded to.
    fileprivate func forEachReconstruction(
        of samples: Samples,
        _ body: (_ whole: UnsafeBufferPointer<Float>, _ decoded: UnsafeBufferPointer<Float>) -> Void
    ) throws {
        let (graph, values) = network.autoencoderGraph(layer: 0, decoders: decoders, sparsity: sparsity ?? [])
        try TaskFunctions.forEachBatch(of: graph, weights: weights, data: TaskData([samples])) { executor, count in
            let numbers = count * network.inputSize
            body(
                UnsafeBufferPointer(start: executor.value(values.target), count: numbers),
                UnsafeBufferPointer(start: executor.value(values.output), count: numbers))
        }
    }

    /// Codes of the highest layer decoded by all layers, from the top downwards.
    ///
    /// - Parameter codes: (count, `codeSize(ofLayer:)` of the highest layer): before it is pooled.
    /// - Returns: (count, inputSize), row-major.
    package func decode(_ codes: [Float]) throws -> [Float] {
        let size = network.codeSize(ofLayer: decoders.count - 1)
        let count = codes.count / size
        precondition(count > 0 && count * size == codes.count, "\(codes.count) numbers are no codes of \(size)")
        let samples = Samples(count: count, size: size, numbers: .float32(codes), divisor: 1)
        let graph = network.decoderGraph(decoders: decoders)
        let work = EncodeWork(graph: graph, weights: Digest(of: []), data: FieldSet(count: count, fields: []))
        return try TaskFunctions.encode(
            work, weights: weights, data: TaskData([samples]), isCancelled: { false }
        ).vector
    }
}

/// How far samples that go through all layers and back are from what they were, measured part by part.
package struct ReconstructionMeasure {
    private let stack: LayerStack
    private var sum = 0.0
    private var mean: MeanPrediction
    private var count = 0

    package init(_ stack: LayerStack) {
        self.stack = stack
        mean = MeanPrediction(features: stack.network.inputSize)
    }

    /// - Parameter progress: is told how many samples more are done, again and again.
    package mutating func add(_ samples: Samples, progress: (Int) -> Void = { _ in }) throws {
        var (sum, mean) = (sum, mean)
        let size = stack.network.inputSize
        try stack.forEachReconstruction(of: samples) { whole, decoded in
            for (x, y) in zip(whole, decoded) { sum += Double((x - y) * (x - y)) }
            if let base = whole.baseAddress { mean.add(base, count: whole.count / size) }
            progress(whole.count / size)
        }
        (self.sum, self.mean) = (sum, mean)
        count += samples.count
    }

    /// The mean over samples of the squared difference between a sample and what it is decoded to, summed over its numbers.
    package var error: Double { sum / Double(count) }
    /// That of predicting each feature's mean; nil for a single sample.
    package var meanError: Double? { mean.error(by: .meanSquaredError) }
}
