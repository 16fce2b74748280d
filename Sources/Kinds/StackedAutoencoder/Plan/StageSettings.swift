package import RunProtocol

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
        (self.rounds, self.replicas, self.localEpochs, self.batchSize) = (rounds, replicas, localEpochs, batchSize)
        (self.target, self.loss, self.outputActivation, self.corruption) = (target, loss, outputActivation, corruption)
        (self.l1, self.l1WarmUp, self.sparsity, self.revivesDeadUnits) = (l1, l1WarmUp, sparsity, revivesDeadUnits)
        (self.decoder, self.optimizer, self.schedule, self.outer) = (decoder, optimizer, schedule, outer)
        (self.earlyStopping, self.precision, self.randomShift) = (earlyStopping, precision, randomShift)
        self.weightDecay = weightDecay
    }
}

/// What a layer's autoencoder is to give back; for the first layer both are the same.
package enum ReconstructionTarget: String, Codable, Sendable, CaseIterable {
    /// What the layer reads: the codes of the layer below.
    case codes
    /// The samples, through the decoders of all layers below, which are trained on; their encoders stay as they are.
    case samples
}
