import CElementwise
package import RunProtocol
import TensorCore

/// The pure functions from a task to its result: the same arguments give the same bits, on the same kind of processor.
///
/// They run on the calling thread alone once `Engine.useOneThread()` was called there. `isCancelled` is asked at every
/// batch; `figures.seconds` is left at zero, since a clock is no function of the task.
package enum TaskFunctions {
    /// Trains a graph's weights on some samples.
    /// - Parameters:
    ///   - given: the weights that `work.start` names, flat; empty where it names none.
    ///   - data: the samples; where `work` has a cut, what it makes of them.
    ///   - unlabeled: what `work.unlabeled` names, likewise.
    ///   - profile: is told where the time goes.
    /// - Throws: `TaskCancelled`; `GraphProblem` whenever the work does not fit together.
    package static func train(
        _ work: TrainWork, given: [Float], data: TaskData, unlabeled: [TaskData] = [], profile: StepProfile? = nil,
        isCancelled: () -> Bool
    ) throws -> TaskResult {
        let start = given + work.graph.parameters.initialValues(seed: work.seed, from: work.start?.count ?? 0)
        var trainer = try Trainer(
            work, start: start, examples: Examples(data, unlabeled: unlabeled), profile: profile)
        return try trainer.run(isCancelled: isCancelled)
    }

    /// Measures a network on some samples.
    /// - Parameter data: the samples; where `work` has a cut, what it makes of them.
    /// - Throws: `TaskCancelled`; `GraphProblem` whenever the work does not fit together.
    package static func evaluate(
        _ work: EvaluateWork, weights: [Float], data: TaskData, isCancelled: () -> Bool
    ) throws -> TaskResult {
        var evaluation = try Evaluation(work, weights: weights, data: data)
        return TaskResult(figures: try evaluation.run(isCancelled: isCancelled), vector: [])
    }

    /// Computes the last value of a graph for each sample.
    /// - Returns: (count, size), row-major.
    /// - Throws: `TaskCancelled`; `GraphProblem` whenever the work does not fit together.
    package static func encode(
        _ work: EncodeWork, weights: [Float], data: TaskData, isCancelled: () -> Bool
    ) throws -> TaskResult {
        var values: [Float] = []
        try forEachBatch(of: work.graph, weights: weights, data: data, isCancelled: isCancelled) { executor, count in
            let size = executor.plan.sizes[work.graph.valueCount - 1]
            if values.isEmpty { values.reserveCapacity(data.count * size) }
            values += UnsafeBufferPointer(
                start: executor.value(work.graph.valueCount - 1), count: count * size)
        }
        return TaskResult(figures: TaskFigures(samples: data.count), vector: values)
    }

    /// Computes the codes that a cut gives, in the samples' order, a batch at a time.
    /// - Parameter body: takes some samples' codes, each number as the bits of its nearest bfloat16: half the memory, and
    ///   the same bits wherever they are kept.
    /// - Throws: `TaskCancelled`; `GraphProblem` whenever the graph does not fit together; what `body` throws.
    package static func codes(
        of data: TaskData, graph: Graph, weights: [Float], isCancelled: () -> Bool,
        _ body: (UnsafeBufferPointer<UInt16>) throws -> Void
    ) throws {
        try forEachBatch(of: graph, weights: weights, data: data, isCancelled: isCancelled) { executor, count in
            let last = graph.valueCount - 1
            let numbers = count * executor.plan.sizes[last]
            let rounded = [UInt16](unsafeUninitializedCapacity: numbers) { buffer, filled in
                filled = numbers
                if let base = buffer.baseAddress { ce_to_bf16(executor.value(last), numbers, base) }
            }
            try rounded.withUnsafeBufferPointer(body)
        }
    }

    /// Samples that are computed at a time where nothing is trained.
    package static let batchSize = 256

    /// The one inference loop: computes all values of a graph for the samples in their order, a batch at a time.
    static func forEachBatch(
        of graph: Graph, weights: [Float], data: TaskData, isCancelled: () -> Bool = { false },
        _ body: (_ executor: GraphExecutor, _ count: Int) throws -> Void
    ) throws {
        let executor = try GraphExecutor(graph, weights: weights, batchSize: min(batchSize, data.count))
        try forEachBatch(of: data, in: executor, isCancelled: isCancelled) { count in
            executor.forward(0..<count)
            try body(executor, count)
        }
    }

    /// The same with an executor, which has each batch's samples in its inputs when `body` is called.
    static func forEachBatch(
        of data: TaskData, in executor: GraphExecutor, isCancelled: () -> Bool, _ body: (_ count: Int) throws -> Void
    ) throws {
        for batch in batches(of: Array(0..<Int32(data.count)), size: executor.batchSize) {
            if isCancelled() { throw TaskCancelled() }
            data.gather(batch, into: executor)
            executor.beginBatch(count: batch.count)
            try body(batch.count)
        }
        withExtendedLifetime(executor) {}
    }

    /// `order` in pieces of `size`; the last may be shorter.
    static func batches(of order: [Int32], size: Int) -> [ArraySlice<Int32>] {
        stride(from: 0, to: order.count, by: size).map { order[$0..<min($0 + size, order.count)] }
    }
}
