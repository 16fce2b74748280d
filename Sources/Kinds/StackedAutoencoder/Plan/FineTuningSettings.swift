package import RunProtocol

/// How the classifier is trained on the labeled examples: cross-entropy on a softmax layer above the encoder.
package struct FineTuningSettings: Codable, Hashable, Sendable {
    package var epochs: Int
    package var batchSize: Int
    /// How often replicas' updates are averaged, each time after `epochs` / `rounds`; nil: once, and each trial is one task.
    package var rounds: Int?
    /// Into how many parts a trial's examples are cut, each learnt by a task of each round; nil: 1.
    package var replicas: Int?
    /// Its learning rate is that of the softmax layer, and from a random start of all layers.
    package var optimizer: OptimizerSettings
    /// The learning rate of the uppermost pretrained layer; 0 leaves all of them as they are.
    package var encoderLearningRate: Double
    /// Each pretrained layer's rate is that of the layer above it times this, 0 ... 1.
    package var layerRateDecay: Double
    /// Of all learning rates.
    package var schedule: LearningRateSchedule
    /// Each hidden activation is dropped with this probability, 0 ..< 1, the others scaled by 1 / (1 - probability).
    package var dropout: Double
    /// The same on the samples' own numbers.
    package var inputDropout: Double
    /// Standard deviation of normal noise that is added to the samples' numbers.
    package var inputNoise: Double
    /// Each step takes learning rate x this x weight off each weight (decoupled, Loshchilov and Hutter 2019); biases are left.
    package var weightDecay: Double
    /// A unit's incoming weights are scaled back to this Euclidean length when they are longer (Srivastava et al. 2014).
    package var maxNorm: Double?
    /// How much the loss of each class counts.
    package var classWeights: ClassWeights
    /// So many of each class's examples are not learnt from: the classifier with the fewest errors on them comes out, of those after
    /// each epoch, or after each round where there are `rounds` or `replicas`.
    package var validationPerClass: Int?
    package var pseudoLabels: PseudoLabels?
    /// Also do everything from a random start, to compare.
    package var compareFromScratch: Bool

    package init(
        epochs: Int, batchSize: Int, optimizer: OptimizerSettings, encoderLearningRate: Double,
        schedule: LearningRateSchedule = .constant, dropout: Double, inputDropout: Double, weightDecay: Double,
        compareFromScratch: Bool, layerRateDecay: Double = 1, inputNoise: Double = 0, maxNorm: Double? = nil,
        classWeights: ClassWeights = .equal, validationPerClass: Int? = nil, pseudoLabels: PseudoLabels? = nil,
        rounds: Int? = nil, replicas: Int? = nil
    ) {
        (self.rounds, self.replicas, self.epochs, self.batchSize) = (rounds, replicas, epochs, batchSize)
        (self.optimizer, self.encoderLearningRate) = (optimizer, encoderLearningRate)
        (self.layerRateDecay, self.schedule, self.dropout) = (layerRateDecay, schedule, dropout)
        (self.inputDropout, self.inputNoise, self.weightDecay) = (inputDropout, inputNoise, weightDecay)
        (self.maxNorm, self.classWeights, self.validationPerClass) = (maxNorm, classWeights, validationPerClass)
        (self.pseudoLabels, self.compareFromScratch) = (pseudoLabels, compareFromScratch)
    }

    /// Whether a trial is trained by several tasks, whose updates are averaged.
    package var isDistributed: Bool { rounds ?? 1 > 1 || replicas ?? 1 > 1 }

    /// How many examples of each class measure the rounds; nil where none do.
    package var validatedPerRound: Int? { isDistributed ? validationPerClass : nil }

    /// Whether the pretrained layers give a sample the same code in every step: then only the softmax layer is trained, on
    /// codes that are computed once.
    package var encoderIsConstant: Bool { encoderLearningRate == 0 && inputDropout == 0 && inputNoise == 0 }
}
