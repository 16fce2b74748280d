import DataFormats
import RunProtocol
import Training

/// Performs one task: fetches what it reads, computes, and times both.
struct TaskRunner {
    private var inputs: TaskInputs
    private let memory: MemoryBudget

    init(inputs: TaskInputs, memory: MemoryBudget) { (self.inputs, self.memory) = (inputs, memory) }

    /// Does `body`, which performs `task` and sends the result, once there is memory for both.
    ///
    /// - Throws: `MemoryShortage` whenever the task takes more than there can be.
    func withMemory<Result>(
        for task: TaskDescription, isCancelled: () -> Bool, _ body: () throws -> Result
    ) throws -> Result {
        try task.check()
        let mapped = AvailableMemory.addressLimit == nil ? 0 : task.work.mappedMemory
        return try memory.withMemory(
            try task.work.memory + mapped, cached: { inputs.cache.bytes }, shrinkCaches: inputs.cache.shrink,
            whileWaiting: { if isCancelled() { throw TaskCancelled() } }, body)
    }

    /// - Parameter isCancelled: is asked at every step and told how much of the task is done, 0 ... 1, or nil while what the
    ///   task reads is being fetched and encoded.
    /// - Throws: `TaskCancelled` when `isCancelled` says so; `ConnectionError`, `APIError` or `DataError` whenever an
    ///   input cannot be had.
    func perform(
        _ task: TaskDescription, isCancelled: @escaping @Sendable (_ share: Double?) -> Bool
    ) throws -> TaskResult {
        var (steps, preparation): (Int, Duration?) = (0, nil)
        let (total, start) = (task.work.steps, ContinuousClock.now)
        var runner = self
        runner.inputs.whenFetching = { _ in _ = isCancelled(nil) }
        var result = try runner.perform(task, whenFetched: { preparation = ContinuousClock.now - start }) {
            guard preparation != nil else { return isCancelled(nil) }
            steps += 1
            return isCancelled(min(Double(steps) / total, 1))
        }
        result.figures.preparationSeconds = preparation.map { $0 / .seconds(1) }
        return result
    }

    private func perform(
        _ task: TaskDescription, whenFetched: () -> Void, isCancelled: () -> Bool
    ) throws -> TaskResult {
        switch task.work {
        case .train(let work):
            let parameters = Array(work.graph.parameters.prefix(work.start?.count ?? 0))
            let given = try work.start.map { try inputs.weights($0.digest, parameters) } ?? []
            let data = try inputs.data(
                work.data, work.graph, work.cut, classes: work.objective.field, isCancelled: isCancelled)
            let unlabeled = try work.unlabeled.map {
                try inputs.data($0, work.graph, work.cut, isCancelled: isCancelled)
            }
            whenFetched()
            return try timed {
                try TaskFunctions.train(
                    work, given: given, data: data, unlabeled: unlabeled, isCancelled: isCancelled)
            }
        case .evaluate(let work):
            let weights = try inputs.weights(work.weights, work.graph.parameters)
            let data = try inputs.data(
                work.data, work.graph, work.cut, classes: work.field, isCancelled: isCancelled)
            whenFetched()
            return try timed {
                try TaskFunctions.evaluate(work, weights: weights, data: data, isCancelled: isCancelled)
            }
        case .fit(let work):
            let weights = try inputs.weights(work.weights, work.graph.parameters)
            let sets = try work.sets.map { try inputs.data($0, work.graph, nil, isCancelled: isCancelled) }
            whenFetched()
            return try timed {
                try TaskFunctions.fit(work, weights: weights, sets: sets, isCancelled: isCancelled)
            }
        case .encode(let work):
            let weights = try inputs.weights(work.weights, work.graph.parameters)
            let data = try inputs.data(work.data, work.graph, nil, isCancelled: isCancelled)
            whenFetched()
            return try timed {
                try TaskFunctions.encode(work, weights: weights, data: data, isCancelled: isCancelled)
            }
        }
    }

    /// What grew out of range, and which of the task's features has the largest numbers: that is often why.
    func explain(_ what: String, _ value: String, _ task: TaskDescription) -> Divergence {
        var divergence = Divergence(what: what, value: value)
        let data = task.work.data
        if let field = data[Field.samples] ?? data.fields.first,
            let (feature, magnitude) = try? inputs.samples(field, count: data.count).largestFeature
        {
            (divergence.feature, divergence.magnitude) = (feature, magnitude)
        }
        return divergence
    }

    private func timed(_ work: () throws -> TaskResult) throws -> TaskResult {
        let start = ContinuousClock.now
        var result = try work()
        result.figures.seconds = (ContinuousClock.now - start) / .seconds(1)
        return result
    }
}
