extension Work {
    /// About how many steps the task has: what its progress is measured by. At least 1. The most
    /// that a task can ask for are more than an `Int` holds.
    package var steps: Double {
        func batches(_ count: Double, of size: Int) -> Double { (count / Double(max(size, 1))).rounded(.up) }
        let steps =
            switch self {
            case .pretrain(let work):
                batches(Double(work.samples.count), of: work.settings.batchSize) * Double(work.settings.localEpochs)
            case .measureReconstruction(let work): batches(Double(work.samples.count), of: 256)
            case .classify(let work): batches(Double(work.samples.count), of: 256)
            case .fineTune(let work):
                batches(Double(work.samples.count), of: work.settings.batchSize) * Double(work.settings.epochs)
                    + (work.settings.pseudoLabels.map { plan in
                        let guesses = Double(work.unlabeled.reduce(0) { $0 + $1.count }) * plan.share / 2
                        return batches(guesses, of: plan.batchSize) * Double(plan.epochs) * Double(plan.rounds)
                    } ?? 0)
            }
        return max(steps, 1)
    }

    /// What it works on, for people: `layer 1`, `layers 1 to 3`, `the classifier`.
    package var place: String {
        func layers(_ first: Int, _ count: Int) -> String {
            count == 1 ? "layer \(first + 1)" : "layers \(first + 1) to \(first + count)"
        }
        return switch self {
        case .pretrain(let work): layers(work.layer, work.decoders.count)
        case .measureReconstruction(let work): layers(work.layer, work.decoders.count)
        case .fineTune, .classify: "the classifier"
        }
    }

    /// The samples that it reads.
    package var samples: SampleSet {
        switch self {
        case .pretrain(let work): work.samples
        case .measureReconstruction(let work): work.samples
        case .fineTune(let work): work.samples
        case .classify(let work): work.samples
        }
    }
}
