package import RunProtocol

/// Where a run stands: the fold of its durable events.
package struct RunState: Hashable, Sendable {
    package enum Phase: Hashable, Sendable {
        case preparing
        case running
        case finished
        case failed(reason: String)
        case cancelled

        package var isFinal: Bool { self != .preparing && self != .running }
    }

    /// What a stage is about. Stages count from 0: the autoencoders', then fine-tuning, then evaluation.
    package enum Stage: Hashable, Sendable {
        case autoencoder(AutoencoderStage)
        case fineTuning
        case evaluation
    }

    package let id: RunID
    package let plan: Plan
    /// The plan's, made once.
    private let autoencoders: [AutoencoderStage]
    package private(set) var phase = Phase.preparing
    package private(set) var manifest: DataManifest?
    /// The stage that is open or about to be opened.
    package private(set) var stage = 0
    /// The round in progress, from 1.
    package private(set) var round = 1
    /// Nil while the stage's blobs are being made.
    package private(set) var opening: StageOpening?
    /// Where the round in progress starts.
    package private(set) var weights: Digest?
    package private(set) var momentum: Digest?
    /// The answers to the round in progress, by the tasks' places in it.
    package private(set) var completions: [Int: TaskCompletion] = [:]
    /// What came to nothing in the round in progress, by the tasks' places.
    package private(set) var attempts: [Int: [FailedAttempt]] = [:]
    /// Answers that wait until another worker comes to the same, by the tasks' places.
    package private(set) var witnesses: [Int: [Witness]] = [:]
    /// Of the attempts those after which the task was given back with a failure: the task may be to blame.
    package private(set) var failures: [Int: [FailedAttempt]] = [:]
    /// The held-out error after each round of the stage that has been measured, and the weights it belongs to.
    package private(set) var measurements: [Measurement] = []
    /// The weights of each finished autoencoder's stage.
    package private(set) var stageWeights: [Digest] = []
    /// The fine-tuning tasks' answers, which the evaluation starts from.
    package private(set) var fineTuned: [TaskCompletion] = []
    package private(set) var evaluations: [TaskCompletion] = []
    package private(set) var exports: [ExportDescription] = []

    /// A round's weights and what they reached.
    package struct Measurement: Hashable, Sendable {
        package let weights: Digest
        package let heldOutError: Int64
    }

    package init(id: RunID, plan: Plan, events: [RunEvent] = []) {
        self.id = id
        self.plan = plan
        autoencoders = plan.autoencoderStages
        events.forEach { apply($0) }
    }

    /// How many stages the run has.
    package var stageCount: Int { autoencoders.count + (plan.fineTuning == nil ? 0 : 2) }

    /// What stage `index` is about.
    package func kind(ofStage index: Int) -> Stage {
        switch index - autoencoders.count {
        case ..<0: .autoencoder(autoencoders[index])
        case 0: .fineTuning
        default: .evaluation
        }
    }

    /// How many tasks the round in progress has.
    package var taskCount: Int {
        switch kind(ofStage: stage) {
        // The last task of a round measures the weights that the round starts from; after the last round only that is left.
        case .autoencoder(let stage): round <= stage.settings.rounds ? stage.settings.replicas + 1 : 1
        case .fineTuning: (plan.data.labeled?.draws ?? 0) * (plan.fineTuning?.compareFromScratch == true ? 2 : 1)
        case .evaluation: fineTuned.count
        }
    }

    /// Whether task `index` of the round in progress measures the held-out error.
    package func isMeasurement(_ index: Int) -> Bool {
        guard case .autoencoder = kind(ofStage: stage) else { return false }
        return index == taskCount - 1
    }

    /// The parts of a stage whose tasks cost about the same.
    package enum TaskPart: Hashable, Sendable {
        case training, measurement, fromScratch
    }

    package func part(ofTask index: Int) -> TaskPart {
        switch kind(ofStage: stage) {
        case .autoencoder: isMeasurement(index) ? .measurement : .training
        case .fineTuning, .evaluation: index < manifest?.draws.count ?? 0 ? .training : .fromScratch
        }
    }

    /// The tasks of the round in progress that nobody has answered, by their places.
    package var openTasks: [Int] {
        guard phase == .running, opening != nil else { return [] }
        return (0..<taskCount).filter { completions[$0] == nil }
    }

    /// Whether an answer to task `index` of the round in progress would count.
    package func isOpen(_ index: Int) -> Bool {
        phase == .running && opening != nil && completions[index] == nil && (0..<taskCount).contains(index)
    }

    /// Whether there is any.
    package var hasOpenTasks: Bool { phase == .running && opening != nil && completions.count < taskCount }

    var hasWitnesses: Bool { !witnesses.isEmpty }

    /// The full name of a task of the round in progress.
    package func taskID(_ index: Int) -> TaskID {
        TaskID(run: id, stage: stage, round: round, index: index)
    }

    /// Takes one more fact in.
    package mutating func apply(_ event: RunEvent) {
        switch event {
        case .dataPrepared(let manifest):
            self.manifest = manifest
            phase = .running
        case .stageOpened(let opening):
            self.opening = opening
            if case .autoencoder = kind(ofStage: stage) { weights = opening.weights.first }
        case .taskFinished(let completion):
            finishTask(completion)
        case .attemptFailed(let attempt):
            failures[attempt.task.index, default: []].append(attempt)
            attempts[attempt.task.index, default: []].append(attempt)
        case .answerRefused(let attempt), .answerContradicted(let attempt):
            attempts[attempt.task.index, default: []].append(attempt)
        case .answerWitnessed(let witness):
            witnesses[witness.completion.task.index, default: []].append(witness)
        case .roundClosed(let closing):
            weights = closing.weights
            momentum = closing.momentum
            beginRound(closing.round + 1)
        case .stageFinished(let ending):
            finishStage(ending)
        case .finished(let exports):
            self.exports = exports
            phase = .finished
        case .failed(let reason, _):
            phase = .failed(reason: reason)
        case .cancelled:
            phase = .cancelled
        }
    }

    private mutating func finishTask(_ completion: TaskCompletion) {
        completions[completion.task.index] = completion
        witnesses[completion.task.index] = nil
        if isMeasurement(completion.task.index), let weights, let error = completion.heldOutError {
            measurements.append(Measurement(weights: weights, heldOutError: error))
        }
    }

    private mutating func beginRound(_ round: Int) {
        self.round = round
        completions = [:]
        attempts = [:]
        failures = [:]
        witnesses = [:]
    }

    private mutating func finishStage(_ ending: StageEnding) {
        let answers = completions.sorted { $0.key < $1.key }.map(\.value)
        switch kind(ofStage: stage) {
        case .autoencoder: if let weights = ending.weights { stageWeights.append(weights) }
        case .fineTuning: fineTuned = answers
        case .evaluation: evaluations = answers
        }
        stage += 1
        opening = nil
        weights = nil
        momentum = nil
        measurements = []
        beginRound(1)
    }
}
