import Kinds
import RunProtocol

extension StageSettings {
    var decoderSpec: DecoderSpec { DecoderSpec(constraint: decoder, activation: outputActivation) }

    /// A small stage, to be changed by a test.
    static func example(
        loss: ReconstructionLoss = .meanSquaredError, output: Activation = .sigmoid,
        decoder: DecoderConstraint = .unitNorm, l1: Double = 0.1, corruption: Corruption = .none,
        optimizer: OptimizerSettings = .adam(learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8),
        l1WarmUp: Double = 0, sparsity: Sparsity = .none, revivesDeadUnits: Bool = false
    ) -> StageSettings {
        StageSettings(
            rounds: 4, replicas: 2, localEpochs: 2, batchSize: 32, loss: loss, outputActivation: output,
            corruption: corruption, l1: l1, decoder: decoder, optimizer: optimizer,
            schedule: LearningRateSchedule(decayStart: 0.5), outer: .mean, l1WarmUp: l1WarmUp, sparsity: sparsity,
            revivesDeadUnits: revivesDeadUnits)
    }
}
