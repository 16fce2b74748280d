/// How much the loss of an example counts, by its class.
package enum ClassWeights: Codable, Hashable, Sendable {
    case equal
    /// n / (c n_k) for a class with n_k of the n examples, where c classes have any: each class counts as much as the others.
    case balanced
    /// One for each class.
    case list([Double])
}

/// Self-training: when the labels are learnt, the network guesses those of unlabeled samples and learns from its most
/// confident guesses too (Lee 2013), `rounds` times over.
package struct PseudoLabels: Codable, Hashable, Sendable {
    /// How often labels are guessed and learnt.
    package var rounds: Int
    /// How often a round goes through its guesses.
    package var epochs: Int
    /// Guesses a step, beside the labeled batch.
    package var batchSize: Int
    /// How much the mean loss of guesses counts beside that of the labels.
    package var weight: Double
    /// The share of the unlabeled samples that the last round learns from; round r of R takes r / R of it.
    package var share: Double
    /// Guesses with a lower probability, 0 ... 1, are left out.
    package var confidence: Double
    /// At most as many guesses of each class as `share` makes on the average.
    package var isBalanced: Bool
    /// The probabilities that guesses are made by are this times those of the round before, plus the rest of the new
    /// (temporal ensembling, Laine and Aila 2017), 0 ..< 1.
    package var ensembling: Double
    /// Each round starts where the task started, not where the round before ended.
    package var restarts: Bool
    /// Only the first so many shards; nil for all.
    package var shards: Int?

    package init(
        rounds: Int = 5, epochs: Int = 1, batchSize: Int = 128, weight: Double = 1, share: Double = 1,
        confidence: Double = 0, isBalanced: Bool = true, ensembling: Double = 0, restarts: Bool = false,
        shards: Int? = nil
    ) {
        (self.rounds, self.epochs, self.batchSize, self.weight, self.share) = (rounds, epochs, batchSize, weight, share)
        (self.confidence, self.isBalanced, self.ensembling) = (confidence, isBalanced, ensembling)
        (self.restarts, self.shards) = (restarts, shards)
    }
}
