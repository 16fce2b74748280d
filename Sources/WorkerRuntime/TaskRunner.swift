import DataFormats
import RunProtocol
import Training

/// Performs one task: fetches what it reads, computes, and times both.
struct TaskRunner {
    private var inputs: TaskInputs
    private let memory: MemoryBudget

    init(inputs: TaskInputs, memory: MemoryBudget) {
        (self.inputs, self.memory) = (inputs, memory)
    }

    /// Does `body`, which performs `task` and sends the result, once there is memory for both.
    ///
    /// - Throws: `MemoryShortage` whenever the task takes more than there can be.
    func withMemory<Result>(
        for task: TaskDescription, isCancelled: () -> Bool, _ body: () throws -> Result
    ) throws -> Result {
        try task.check()
        let mapped = AvailableMemory.addressLimit == nil ? 0 : task.work.mappedMemory
        return try memory.withMemory(
            task.work.memory + mapped, cached: { inputs.cache.bytes }, shrinkCaches: inputs.cache.shrink,
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
        case .pretrain(let work):
            let parameters = work.network.autoencoderParameters(first: work.layer, decoders: work.decoders)
            let start = try inputs.weights(work.start, parameters)
            let samples = try inputs.codes(
                work.samples, network: work.network, layerCount: work.layer, frozen: work.frozen,
                isCancelled: isCancelled)
            whenFetched()
            return try timed {
                try TaskFunctions.pretrain(work, start: start, samples: samples, isCancelled: isCancelled)
            }
        case .measureReconstruction(let work):
            let parameters = work.network.autoencoderParameters(first: work.layer, decoders: work.decoders)
            let weights = try inputs.weights(work.weights, parameters)
            let samples = try inputs.codes(
                work.samples, network: work.network, layerCount: work.layer, frozen: work.frozen,
                isCancelled: isCancelled)
            whenFetched()
            return try timed {
                try TaskFunctions.measureReconstruction(
                    work, weights: weights, samples: samples, isCancelled: isCancelled)
            }
        case .fineTune(let work): return try fineTune(work, whenFetched: whenFetched, isCancelled: isCancelled)
        case .classify(let work): return try classify(work, whenFetched: whenFetched, isCancelled: isCancelled)
        }
    }

    private func fineTune(
        _ work: FineTuneWork, whenFetched: () -> Void, isCancelled: () -> Bool
    ) throws -> TaskResult {
        let parameters = work.network.stackParameters(count: work.network.layers.count)
        let start = try work.start.map { try inputs.weights($0, parameters) }
        /// The codes of unlabeled samples are the same for every draw: the cache has them.
        func samples(_ set: SampleSet) throws -> Samples {
            guard work.trainsOnCodes else { return try inputs.samples(set) }
            return try inputs.codes(
                set, network: work.network, layerCount: work.network.layers.count, frozen: work.start,
                isCancelled: isCancelled)
        }
        let labeled = try samples(work.samples)
        let labels = try checked(try inputs.labels(work.labels), count: labeled.count, classes: work.classes)
        let unlabeled = try work.unlabeled.map(samples)
        whenFetched()
        return try timed {
            try TaskFunctions.fineTune(
                work, start: start, samples: labeled, labels: labels, unlabeled: unlabeled, isCancelled: isCancelled)
        }
    }

    private func classify(
        _ work: ClassifyWork, whenFetched: () -> Void, isCancelled: () -> Bool
    ) throws -> TaskResult {
        let weights = try inputs.weights(work.weights, work.network.classifierParameters(classes: work.classes))
        let samples = try inputs.samples(work.samples)
        let labels = try checked(try inputs.labels(work.labels), count: samples.count, classes: work.classes)
        whenFetched()
        return try timed {
            try TaskFunctions.classify(
                work, weights: weights, samples: samples, labels: labels, isCancelled: isCancelled)
        }
    }

    /// What grew out of range, and which of the task's features has the largest numbers: that is often why.
    func explain(_ what: String, _ value: String, _ task: TaskDescription) -> Divergence {
        var divergence = Divergence(what: what, value: value)
        if let (feature, magnitude) = try? inputs.samples(task.work.samples).largestFeature {
            (divergence.feature, divergence.magnitude) = (feature, magnitude)
        }
        return divergence
    }

    private func checked(_ labels: [Int32], count: Int, classes: Int) throws -> [Int32] {
        guard labels.count == count, labels.allSatisfy({ (0..<Int32(classes)).contains($0) }) else {
            throw APIError(.invalidData, "the task's labels do not belong to its samples")
        }
        return labels
    }

    private func timed(_ work: () throws -> TaskResult) throws -> TaskResult {
        let start = ContinuousClock.now
        var result = try work()
        result.figures.seconds = (ContinuousClock.now - start) / .seconds(1)
        return result
    }
}
