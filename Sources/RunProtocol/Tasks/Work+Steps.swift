extension Work {
    /// About how many steps the task has: what its progress is measured by. At least 1.
    package var steps: Int {
        func batches(_ count: Int, of size: Int) -> Int { (count + size - 1) / max(size, 1) }
        let steps =
            switch self {
            case .pretrain(let work):
                batches(work.samples.count, of: work.settings.batchSize) * work.settings.localEpochs
            case .measureReconstruction(let work): batches(work.samples.count, of: 256)
            case .classify(let work): batches(work.samples.count, of: 256)
            case .fineTune(let work):
                batches(work.samples.count, of: work.settings.batchSize) * work.settings.epochs
                    + (work.settings.pseudoLabels.map { plan in
                        let guesses = Int(Double(work.unlabeled.reduce(0) { $0 + $1.count }) * plan.share / 2)
                        return batches(guesses, of: plan.batchSize) * plan.epochs * plan.rounds
                    } ?? 0)
            }
        return max(steps, 1)
    }
}
