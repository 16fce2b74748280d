/// How a task trains.
package struct TrainingSettings: Codable, Hashable, Sendable {
    /// How often it goes through its samples.
    package var epochs: Int
    package var batchSize: Int
    /// How many samples of a batch are computed at a time; nil for all. It decides the order of sums, so it is part of the
    /// task and not of the program.
    package var samplesAtOnce: Int?
    package var optimizer: OptimizerSettings
    /// The learning rate of each of the graph's parameters; one with nil stays as it is.
    package var rates: [Double?]
    /// Of all learning rates, over all rounds.
    package var schedule: LearningRateSchedule
    /// Each step a weight, but no bias, loses this times its learning rate of itself (decoupled weight decay, Loshchilov and
    /// Hutter 2019).
    package var weightDecay: Double
    /// How long a unit's incoming weights can be after a step (Srivastava et al. 2014); nil for any length.
    package var maxNorm: Double?
    package var precision: Precision
    package var revival: Revival?
    /// The value whose activity in the last epoch is told; nil for none.
    package var activity: Int?
    /// Whether each epoch's mean loss is told; then the task's loss is the last epoch's, else the mean over all epochs.
    package var tellsEpochs: Bool
    /// So many of each class's samples are not learnt from: the weights with the fewest errors on them come out.
    package var validationPerClass: Int?
    package var pseudoLabels: PseudoLabels?

    package init(
        epochs: Int, batchSize: Int, samplesAtOnce: Int? = nil, optimizer: OptimizerSettings, rates: [Double?],
        schedule: LearningRateSchedule = .constant, weightDecay: Double = 0, maxNorm: Double? = nil,
        precision: Precision = .float32, revival: Revival? = nil, activity: Int? = nil, tellsEpochs: Bool = false,
        validationPerClass: Int? = nil, pseudoLabels: PseudoLabels? = nil
    ) {
        (self.epochs, self.batchSize, self.samplesAtOnce) = (epochs, batchSize, samplesAtOnce)
        (self.optimizer, self.rates, self.schedule, self.weightDecay) = (optimizer, rates, schedule, weightDecay)
        (self.maxNorm, self.precision, self.revival, self.activity) = (maxNorm, precision, revival, activity)
        (self.tellsEpochs, self.validationPerClass, self.pseudoLabels) = (tellsEpochs, validationPerClass, pseudoLabels)
    }

    /// The parameters that are trained.
    package var trained: Set<Int> { Set(rates.indices.filter { rates[$0] != nil }) }

    /// Half-way through a task, units of a dense node that were zero for all of its samples get new weights, and so does
    /// the node that reads them.
    package struct Revival: Codable, Hashable, Sendable {
        /// The value whose units are revived.
        package var value: Int
        /// Parameters: (inputs, units) and (units).
        package var weight: Int
        package var bias: Int
        /// (units, outputs); nil where it is the weight, transposed.
        package var reader: Int?

        package init(value: Int, weight: Int, bias: Int, reader: Int?) {
            (self.value, self.weight, self.bias, self.reader) = (value, weight, bias, reader)
        }
    }
}
