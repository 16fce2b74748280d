/// How one layer's autoencoder is trained.
package struct StageSettings: Codable, Hashable, Sendable {
    /// How often the replicas' updates are averaged; early stopping may end the stage before.
    package var rounds: Int
    /// How many tasks a round has. Task `k` of round `r` (from 1) trains on shard `((r - 1) * replicas + k) mod shards`.
    package var replicas: Int
    /// How often a task goes through its shard.
    package var localEpochs: Int
    package var batchSize: Int
    /// Nil: the codes that it reads.
    package var target: ReconstructionTarget?
    package var loss: ReconstructionLoss
    /// What the decoder ends with.
    package var outputActivation: Activation
    package var corruption: Corruption
    /// Before that, each picture is moved, target and all, up or down and left or right by at most so many places (1 ...
    /// `Limits.shift`), at random and anew each time; nil where it is not. Only a stage that reads the samples themselves
    /// can have it.
    package var randomShift: Int?
    /// Weight of the sum of absolute activations of a sample's code, added to the sample's loss.
    package var l1: Double
    /// Share of the stage, 0 ... 1, over which `l1` rises in a straight line from zero.
    package var l1WarmUp: Double
    /// What keeps few of a code's activations while training, beside `l1`.
    package var sparsity: Sparsity
    /// Half-way through a task, units that were zero for all of its samples get new weights.
    package var revivesDeadUnits: Bool
    package var decoder: DecoderConstraint
    /// Each step a weight, but no bias, loses this times the learning rate of itself (decoupled weight decay, Loshchilov
    /// and Hutter 2019), 0 ... 1; nil where it does not.
    package var weightDecay: Double?
    package var optimizer: OptimizerSettings
    package var schedule: LearningRateSchedule
    package var outer: OuterOptimizer
    package var earlyStopping: EarlyStopping?
    package var precision: Precision

    package init(
        rounds: Int, replicas: Int, localEpochs: Int, batchSize: Int, loss: ReconstructionLoss,
        outputActivation: Activation, corruption: Corruption, l1: Double, decoder: DecoderConstraint,
        optimizer: OptimizerSettings, schedule: LearningRateSchedule, outer: OuterOptimizer,
        earlyStopping: EarlyStopping? = nil, l1WarmUp: Double = 0, sparsity: Sparsity = .none,
        revivesDeadUnits: Bool = false, precision: Precision = .float32, randomShift: Int? = nil,
        weightDecay: Double? = nil, target: ReconstructionTarget? = nil
    ) {
        self.rounds = rounds
        self.replicas = replicas
        self.localEpochs = localEpochs
        self.batchSize = batchSize
        self.target = target
        self.loss = loss
        self.outputActivation = outputActivation
        self.corruption = corruption
        self.l1 = l1
        self.l1WarmUp = l1WarmUp
        self.sparsity = sparsity
        self.revivesDeadUnits = revivesDeadUnits
        self.decoder = decoder
        self.optimizer = optimizer
        self.schedule = schedule
        self.outer = outer
        self.earlyStopping = earlyStopping
        self.precision = precision
        self.randomShift = randomShift
        self.weightDecay = weightDecay
    }
}

/// In which numbers a training step's matrix products are computed. Weights, sums, activations and the optimizer are
/// float32 always.
package enum Precision: String, Codable, Sendable, CaseIterable {
    case float32
    /// Both factors are rounded to bfloat16, everywhere: without the instructions it is slow.
    case bfloat16
    /// bfloat16 where the processor has the instructions for it.
    case auto
}

/// What a layer's autoencoder is to give back; for the first layer both are the same.
package enum ReconstructionTarget: String, Codable, Sendable, CaseIterable {
    /// What the layer reads: the codes of the layer below.
    case codes
    /// The samples, through the decoders of all layers below, which are trained on; their encoders stay as they are.
    case samples
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

/// Which of a code's activations are kept while an autoencoder is trained; the others become zero, and no gradient flows
/// through them. The next layer and the classifier see the whole code.
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

/// What keeps a network from escaping the L1 penalty by shrinking its codes.
package enum DecoderConstraint: String, Codable, Sendable, CaseIterable {
    /// Each code unit's decoder weights are kept at Euclidean length one.
    case unitNorm = "unit_norm"
    /// The decoder's weight is the encoder's, transposed.
    case tied
    case free
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
        self.patience = patience
        self.minimumImprovement = minimumImprovement
    }
}
