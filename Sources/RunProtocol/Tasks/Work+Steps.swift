extension TrainingSettings {
    /// How often classes are predicted of all unlabeled samples, and how often all would be learnt from.
    package var passesOverUnlabeled: (predicting: Double, learning: Double) {
        guard let plan = pseudoLabels else { return (0, 0) }
        // Round r of R learns from r / R of the share.
        return (Double(plan.rounds), plan.share * Double(plan.rounds + 1) / 2 * Double(plan.epochs))
    }
}

extension Work {
    /// About how many steps the task has: what its progress is measured by. At least 1. The most
    /// that a task can ask for are more than an `Int` holds.
    package var steps: Double {
        func batches(_ count: Double, of size: Int) -> Double { (count / Double(max(size, 1))).rounded(.up) }
        let samples = Double(data.count)
        let steps =
            switch self {
            case .train(let work):
                batches(samples, of: work.settings.batchSize) * Double(work.settings.epochs)
                    + (work.settings.pseudoLabels.map { plan in
                        let guesses = Double(work.unlabeled.reduce(0) { $0 + $1.count }) * plan.share / 2
                        return batches(guesses, of: plan.batchSize) * Double(plan.epochs) * Double(plan.rounds)
                    } ?? 0)
            case .evaluate, .encode: batches(samples, of: 256)
            case .fit(let work): work.sets.reduce(0) { $0 + batches(Double($1.count), of: 256) }
            }
        return max(steps, 1)
    }

    /// The samples that its steps go through; of several sets the first.
    package var data: FieldSet { sets.first ?? FieldSet(count: 0, fields: []) }
}
