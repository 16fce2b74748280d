/// What a task hands back.
package struct TaskResult: Hashable, Sendable {
    package var figures: TaskFigures
    /// Flat f32: for `pretrain` the change of the weights, for `fineTune` the weights; empty where the task only measures.
    package var vector: [Float]

    package init(figures: TaskFigures, vector: [Float]) {
        self.figures = figures
        self.vector = vector
    }
}

/// What a task measured. Everything but the seconds is a function of the task.
package struct TaskFigures: Codable, Hashable, Sendable {
    /// How many samples were worked on (epochs count each time): the update's weight in the average. In
    /// fine-tuning all examples count, set aside or not, and guessed labels do not.
    package var samples: Int
    /// Mean over samples of the training loss, penalty included.
    package var loss: Double?
    /// Mean over held-out samples of the loss of the uncorrupted sample, without penalty.
    package var reconstructionError: Double?
    /// The same loss where each feature's mean over these samples is predicted for all of them.
    package var meanError: Double?
    /// Share of the code's activations that are not zero.
    package var activeShare: Double?
    /// Code units that were zero for every sample.
    package var deadUnits: Int?
    /// The same two after `Sparsity`, where there is any: what the decoder sees.
    package var keptShare: Double?
    package var unusedUnits: Int?
    /// Mean loss of each epoch of a fine-tuning, on guessed labels too: at most `Limits.curvePoints`, evenly chosen.
    package var epochLosses: [Double]?
    /// How many guessed labels each round of `PseudoLabels` learnt from.
    package var pseudoLabels: [Int]?
    /// How many of the examples set aside for validation the classifier gets wrong.
    package var validationErrors: Int?
    /// `confusion[label][answer]` counts test samples.
    package var confusion: [[Int]]?
    /// How long the work took, without fetching and sending.
    package var seconds: Double
    /// How long it took before that to fetch and encode what the task reads; nil from workers that do not say so.
    package var preparationSeconds: Double?

    package init(
        samples: Int, loss: Double? = nil, reconstructionError: Double? = nil, meanError: Double? = nil,
        activeShare: Double? = nil, deadUnits: Int? = nil, keptShare: Double? = nil, unusedUnits: Int? = nil,
        epochLosses: [Double]? = nil,
        pseudoLabels: [Int]? = nil,
        validationErrors: Int? = nil, confusion: [[Int]]? = nil, seconds: Double = 0
    ) {
        self.samples = samples
        self.loss = loss
        self.reconstructionError = reconstructionError
        self.meanError = meanError
        self.activeShare = activeShare
        self.deadUnits = deadUnits
        self.keptShare = keptShare
        self.unusedUnits = unusedUnits
        self.epochLosses = epochLosses
        self.pseudoLabels = pseudoLabels
        self.validationErrors = validationErrors
        self.confusion = confusion
        self.seconds = seconds
    }
}
