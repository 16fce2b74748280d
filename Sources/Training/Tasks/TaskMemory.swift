import CElementwise
package import RunProtocol
import TensorCore

/// What tasks take of a worker's memory at most, in bytes, from what they are made of: known before anything is
/// allocated. Samples are mapped, not read, and do not count.
package enum TaskMemory {
    /// What oneDNN sets aside for products, and what is small.
    package static let scratch = 16 << 20

    /// - Throws: whenever the work does not fit together.
    package static func memory(of work: Work) throws(GraphProblem) -> Int {
        switch work {
        case .train(let work): return try training(work)
        case .evaluate(let work): return try evaluating(work)
        case .fit(let work):
            let most = work.sets.map(\.count).max() ?? 0
            let executor = try inferring(work.graph, samples: most)
            return scratch + bytes(work.graph) + executor + most * 4 + work.size * (5 * 8 + work.function.rows * 4)
        case .encode(let work):
            let executor = try inferring(work.graph, samples: work.data.count)
            return scratch + bytes(work.graph) + executor + work.data.count * work.size * 4
        }
    }

    /// Of all weights, once.
    private static func bytes(_ graph: Graph) -> Int { graph.parameters.elementCount * 4 }

    private static func training(_ work: TrainWork) throws(GraphProblem) -> Int {
        let (settings, labeled) = (work.settings, work.data.count)
        let unlabeled = work.unlabeled.reduce(0) { $0 + $1.count }
        let validates = settings.validationPerClass ?? 0 > 0
        let batchSize = max(
            min(settings.batchSize, labeled) + (settings.pseudoLabels?.batchSize ?? 0),
            validates ? TaskFunctions.batchSize : 1)
        let weights = bytes(work.graph)
        let executor = try GraphExecutor.memory(
            work.graph, batchSize: batchSize, samplesAtOnce: settings.samplesAtOnce, trained: settings.trained,
            objective: work.objective, usesBfloat16: settings.precision.usesBfloat16)
        let order = labeled * 4 + labeled / settings.batchSize * 40
        // The best weights so far, and the next that are compared with them.
        let best = validates ? weights * 2 : 0
        let classes = work.data.fields.lazy.compactMap(\.classes).first ?? 0
        // Probabilities of this round and the one before, the most likely label of each sample, and those taken.
        let guesses = unlabeled * (classes * 8 + 24 * 2 + 16 + 24)
        // As they came, and in the end the result; while training the optimizer.
        let optimizer = Optimizer.memory(settings.optimizer, count: work.graph.parameters.elementCount)
        let labels = classes > 0 ? labeled * 24 : 0
        let training = 2 * weights + executor + max(optimizer, weights) + order + best + guesses + labels
        return scratch + max(training, weights + (try cutting(work.cut, samples: labeled + unlabeled)))
    }

    private static func evaluating(_ work: EvaluateWork) throws(GraphProblem) -> Int {
        let executor = try GraphExecutor.memory(
            work.graph, batchSize: min(TaskFunctions.batchSize, work.data.count), samplesAtOnce: work.samplesAtOnce,
            objective: work.objective)
        let classes = work.data.fields.lazy.compactMap(\.classes).first ?? 0
        let own = executor + work.data.count * (classes > 0 ? 12 : 4) + classes * classes * 8
        return scratch + bytes(work.graph) + max(own, try cutting(work.cut, samples: work.data.count))
    }

    /// Making a cut's codes; where they are kept counts for the cache.
    private static func cutting(_ cut: Cut?, samples: Int) throws(GraphProblem) -> Int {
        guard let cut else { return 0 }
        let size = try cut.graph.shapes().last?.reduce(1, *) ?? 0
        return bytes(cut.graph) + (try inferring(cut.graph, samples: samples))
            + min(TaskFunctions.batchSize, samples) * size * 2
    }

    /// Computing a graph's values, with the network's weights in memory already.
    package static func inferring(_ graph: Graph, samples: Int) throws(GraphProblem) -> Int {
        try GraphExecutor.memory(graph, batchSize: min(TaskFunctions.batchSize, samples))
    }
}

extension Work {
    /// What doing it takes of a worker's memory at most, in bytes.
    /// - Throws: whenever it does not fit together.
    package var memory: Int { get throws(GraphProblem) { try TaskMemory.memory(of: self) } }

    /// The addresses that its samples take while they are mapped, in bytes: at most four of a number.
    package var mappedMemory: Int {
        sets.reduce(0) { sum, set in sum + set.fields.reduce(0) { $0 + set.count * ($1.size ?? 1) * 4 } }
    }
}
