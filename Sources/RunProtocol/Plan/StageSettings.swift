/// How one layer's autoencoder is trained.
package struct StageSettings: Codable, Hashable, Sendable {
    /// How often the replicas' updates are averaged; early stopping may end the stage before.
    package var rounds: Int
    /// How many tasks a round has. Task `k` of round `r` (from 1) trains on shard `((r - 1) * replicas + k) mod shards`.
    package var replicas: Int
    /// How often a task goes through its shard.
    package var localEpochs: Int
    package var batchSize: Int
    package var loss: ReconstructionLoss
    /// What the decoder ends with.
    package var outputActivation: Activation
    package var corruption: Corruption
    /// Weight of the sum of absolute activations of a sample's code, added to the sample's loss.
    package var l1: Double
    package var decoder: DecoderConstraint
    package var optimizer: OptimizerSettings
    package var schedule: LearningRateSchedule
    package var outer: OuterOptimizer
    package var earlyStopping: EarlyStopping?

    package init(
        rounds: Int, replicas: Int, localEpochs: Int, batchSize: Int, loss: ReconstructionLoss,
        outputActivation: Activation, corruption: Corruption, l1: Double, decoder: DecoderConstraint,
        optimizer: OptimizerSettings, schedule: LearningRateSchedule, outer: OuterOptimizer,
        earlyStopping: EarlyStopping? = nil
    ) {
        self.rounds = rounds
        self.replicas = replicas
        self.localEpochs = localEpochs
        self.batchSize = batchSize
        self.loss = loss
        self.outputActivation = outputActivation
        self.corruption = corruption
        self.l1 = l1
        self.decoder = decoder
        self.optimizer = optimizer
        self.schedule = schedule
        self.outer = outer
        self.earlyStopping = earlyStopping
    }
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

/// The learning rate over a stage or a fine-tuning, as a factor of the optimizer's own.
package enum LearningRateSchedule: Codable, Hashable, Sendable {
    case constant
    /// One until `start` (0 ..< 1) of it is done, then falling in a straight line to zero at its end.
    case linearDecay(start: Double)

    /// The factor when `progress` (0 ... 1) of the steps are done.
    package func factor(progress: Double) -> Double {
        switch self {
        case .constant: 1
        case .linearDecay(let start): progress <= start ? 1 : max(0, (1 - progress) / (1 - start))
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

/// How the classifier is trained on the labeled examples: cross-entropy on a softmax layer above the encoder.
package struct FineTuningSettings: Codable, Hashable, Sendable {
    package var epochs: Int
    package var batchSize: Int
    /// Its learning rate is that of the softmax layer, and from a random start of all layers.
    package var optimizer: OptimizerSettings
    /// The learning rate of the pretrained layers; 0 leaves them as they are.
    package var encoderLearningRate: Double
    /// Of all learning rates.
    package var schedule: LearningRateSchedule
    /// Each hidden activation is dropped with this probability, 0 ..< 1, the others scaled by 1 / (1 - probability).
    package var dropout: Double
    /// The same on the samples' own numbers.
    package var inputDropout: Double
    /// Each step takes learning rate x this x weight off each weight (decoupled, Loshchilov and Hutter 2019); biases are left.
    package var weightDecay: Double
    /// Also do everything from a random start, to compare.
    package var compareFromScratch: Bool

    package init(
        epochs: Int, batchSize: Int, optimizer: OptimizerSettings, encoderLearningRate: Double,
        schedule: LearningRateSchedule = .constant, dropout: Double, inputDropout: Double, weightDecay: Double,
        compareFromScratch: Bool
    ) {
        self.epochs = epochs
        self.batchSize = batchSize
        self.optimizer = optimizer
        self.encoderLearningRate = encoderLearningRate
        self.schedule = schedule
        self.dropout = dropout
        self.inputDropout = inputDropout
        self.weightDecay = weightDecay
        self.compareFromScratch = compareFromScratch
    }
}
