import RunProtocol
import Training

/// Performs one task: fetches what it reads, computes, and times the computation.
struct TaskRunner {
    let inputs: TaskInputs

    /// - Throws: `TaskCancelled` when `isCancelled` says so; `ConnectionError`, `APIError` or `DataError` whenever an
    ///   input cannot be had.
    func perform(_ task: TaskDescription, isCancelled: () -> Bool) throws -> TaskResult {
        try task.check()
        switch task.work {
        case .pretrain(let work):
            let parameters = work.network.autoencoderParameters(first: work.layer, decoders: work.decoders)
            let start = try inputs.weights(work.start, parameters)
            let samples = try inputs.codes(
                work.samples, network: work.network, layerCount: work.layer, frozen: work.frozen,
                isCancelled: isCancelled)
            return try timed {
                try TaskFunctions.pretrain(work, start: start, samples: samples, isCancelled: isCancelled)
            }
        case .measureReconstruction(let work):
            let parameters = work.network.autoencoderParameters(first: work.layer, decoders: work.decoders)
            let weights = try inputs.weights(work.weights, parameters)
            let samples = try inputs.codes(
                work.samples, network: work.network, layerCount: work.layer, frozen: work.frozen,
                isCancelled: isCancelled)
            return try timed {
                try TaskFunctions.measureReconstruction(
                    work, weights: weights, samples: samples, isCancelled: isCancelled)
            }
        case .fineTune(let work): return try fineTune(work, isCancelled: isCancelled)
        case .classify(let work): return try classify(work, isCancelled: isCancelled)
        }
    }

    private func fineTune(_ work: FineTuneWork, isCancelled: () -> Bool) throws -> TaskResult {
        let parameters = work.network.stackParameters(count: work.network.layers.count)
        let start = try work.start.map { try inputs.weights($0, parameters) }
        let samples = try inputs.samples(work.samples)
        let labels = try checked(try inputs.labels(work.labels), count: samples.count, classes: work.classes)
        return try timed {
            try TaskFunctions.fineTune(work, start: start, samples: samples, labels: labels, isCancelled: isCancelled)
        }
    }

    private func classify(_ work: ClassifyWork, isCancelled: () -> Bool) throws -> TaskResult {
        let weights = try inputs.weights(work.weights, work.network.classifierParameters(classes: work.classes))
        let samples = try inputs.samples(work.samples)
        let labels = try checked(try inputs.labels(work.labels), count: samples.count, classes: work.classes)
        return try timed {
            try TaskFunctions.classify(
                work, weights: weights, samples: samples, labels: labels, isCancelled: isCancelled)
        }
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
