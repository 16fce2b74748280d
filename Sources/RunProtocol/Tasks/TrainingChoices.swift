/// In which numbers a training step's matrix products are computed. Weights, sums, activations and the optimizer are
/// float32 always.
package enum Precision: String, Codable, Sendable, CaseIterable {
    case float32
    /// Both factors are rounded to bfloat16, everywhere: without the instructions it is slow.
    case bfloat16
    /// bfloat16 where the processor has the instructions for it.
    case auto
}

/// A sample's loss is the sum over its outputs; a batch's is the mean over its samples.
package enum ReconstructionLoss: String, Codable, Sendable, CaseIterable {
    /// The sum over outputs of (y - x)^2.
    case meanSquaredError = "mean_squared_error"
    /// The sum over outputs of -(x ln y + (1 - x) ln(1 - y)); needs a sigmoid output and data in 0 ... 1.
    case binaryCrossEntropy = "binary_cross_entropy"
}

/// What is done to a sample before the encoder sees it; the target stays whole.
package enum Corruption: Codable, Hashable, Sendable {
    case none
    /// Each number is set to zero with this probability, 0 ..< 1, the others divided by 1 - probability: the encoder's
    /// sums then have the same mean as with whole samples, on which the next layer is trained.
    case masking(probability: Double)
    /// Normal noise with this standard deviation is added to each number.
    case gaussian(standardDeviation: Double)
    /// Each number is replaced with this probability, 0 ... 1: by 0 or by 1, as likely the one as the other.
    case saltAndPepper(probability: Double)
}

/// Which of a code's activations are kept while a network is trained; the others become zero, and no gradient flows
/// through them. What is built on the code sees all of it.
package enum Sparsity: Codable, Hashable, Sendable {
    case none
    /// The `count` largest of each sample (k-sparse, Makhzani and Frey 2013).
    case topK(count: Int)
    /// Of each unit its largest activations, on this share (above 0, at most 1) of a batch's samples (Makhzani and Frey
    /// 2015). A convolutional unit first keeps its largest position in each sample alone.
    case winnerTakeAll(share: Double)

    package var isPossible: Bool {
        switch self {
        case .none: true
        case .topK(let count): count >= 1
        case .winnerTakeAll(let share): share > 0 && share <= 1
        }
    }
}

/// How a task turns gradients into steps. Its state starts anew with each task.
package enum OptimizerSettings: Codable, Hashable, Sendable {
    /// Kingma and Ba 2015, with bias correction.
    case adam(learningRate: Double, beta1: Double, beta2: Double, epsilon: Double)
    /// v = momentum v + g; w = w - rate v.
    case sgd(learningRate: Double, momentum: Double)

    package var learningRate: Double {
        switch self {
        case .adam(let learningRate, _, _, _), .sgd(let learningRate, _): learningRate
        }
    }
}

/// What turns the averaged update d into the next weights w.
package enum OuterOptimizer: Codable, Hashable, Sendable {
    /// w = w + d (federated averaging).
    case mean
    /// m = momentum m + d; w = w + rate (d + momentum m) (DiLoCo).
    case nesterov(learningRate: Double, momentum: Double)
}

/// A stage ends, with its best weights, when `patience` rounds in a row have not made the held-out error smaller by
/// `minimumImprovement` (a share of the best so far).
package struct EarlyStopping: Codable, Hashable, Sendable {
    package var patience: Int
    package var minimumImprovement: Double

    package init(patience: Int, minimumImprovement: Double) {
        (self.patience, self.minimumImprovement) = (patience, minimumImprovement)
    }
}
