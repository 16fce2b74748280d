package import RunProtocol

/// Where a run stands: the fold of its durable events.
package struct RunState: Sendable {
    package enum Phase: Hashable, Sendable {
        case preparing
        case running
        case finished
        case failed(reason: String)
        case cancelled

        package var isFinal: Bool { self != .preparing && self != .running }
    }

    package let id: RunID
    package let plan: Plan
    private let compiler: StageCompiler
    /// What the plan and its data come to, made once; nil before the data are known.
    package private(set) var compiled: CompiledRun?
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
    /// What has been measured after each round of the stage, and the weights it belongs to.
    package private(set) var measurements: [Measurement] = []
    /// The weights of each stage that has ended with some, by the stages' places.
    package private(set) var stageWeights: [Int: Digest] = [:]
    /// The results of each ended stage that collects them, by the stages' places.
    package private(set) var collected: [Int: [TaskCompletion]] = [:]
    package private(set) var exports: [ExportDescription] = []

    /// A round's weights and what they reached.
    package struct Measurement: Hashable, Sendable {
        package let weights: Digest
        /// Of the metric that decides, in whole multiples of its scale: the smaller the better.
        package let cost: Int64
    }

    package init(id: RunID, plan: Plan, compiler: StageCompiler, events: [RunEvent] = []) {
        (self.id, self.plan, self.compiler) = (id, plan, compiler)
        events.forEach { apply($0) }
    }

    /// The stage that is open or about to be opened; nil where all have ended, and before the data are known.
    package var current: (any Stage)? { stages.indices.contains(stage) ? stages[stage] : nil }

    /// Empty before the data are known.
    package var stages: [any Stage] { compiled?.stages ?? [] }

    /// How many tasks the round in progress has. Where weights are measured the last one measures those that the round
    /// starts from; after the last round only that is left.
    package var taskCount: Int {
        guard let current else { return 0 }
        return (round <= current.rounds ? current.taskCount : 0) + (current.isMeasured ? 1 : 0)
    }

    /// Whether task `index` of the round in progress measures the weights that the round starts from.
    package func isMeasurement(_ index: Int) -> Bool { current?.isMeasured == true && index == taskCount - 1 }

    /// The parts of a stage whose tasks cost about the same.
    package enum TaskPart: Hashable, Sendable { case tasks(Int), measurement }

    package func part(ofTask index: Int) -> TaskPart {
        isMeasurement(index) ? .measurement : .tasks(current?.part(ofTask: index) ?? 0)
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
    package func taskID(_ index: Int) -> TaskID { TaskID(run: id, stage: stage, round: round, index: index) }

    /// Takes one more fact in.
    package mutating func apply(_ event: RunEvent) {
        switch event {
        case .dataPrepared(let manifest):
            self.manifest = manifest
            do {
                compiled = try compiler.compile(plan, manifest)
                phase = .running
            } catch {
                phase = .failed(reason: "another version of the program wrote what this one cannot read: \(error)")
            }
        case .stageOpened(let opening):
            self.opening = opening
            if case .average = current?.reduction { weights = opening.weights.first }
        case .taskFinished(let completion): finishTask(completion)
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
        case .stageFinished(let ending): finishStage(ending)
        case .finished(let exports):
            self.exports = exports.map { named($0) }
            phase = .finished
        case .failed(let reason, _): phase = .failed(reason: reason)
        case .cancelled: phase = .cancelled
        }
    }

    /// With the name of its file, which earlier versions did not write down.
    private func named(_ export: ExportDescription) -> ExportDescription {
        var export = export
        export.fileName = export.fileName ?? compiled?.exports.first { $0.part == export.part }?.fileName
        return export
    }

    private mutating func finishTask(_ completion: TaskCompletion) {
        completions[completion.task.index] = completion
        witnesses[completion.task.index] = nil
        guard isMeasurement(completion.task.index), let weights, let metric = current?.outputs.primary,
            let value = completion.figures.metrics[metric.resultKey]
        else { return }
        measurements.append(Measurement(weights: weights, cost: metric.cost(value)))
    }

    private mutating func beginRound(_ round: Int) {
        self.round = round
        completions = [:]
        attempts = [:]
        failures = [:]
        witnesses = [:]
    }

    private mutating func finishStage(_ ending: StageEnding) {
        if let weights = ending.weights { stageWeights[stage] = weights }
        if case .collect = current?.reduction {
            collected[stage] = completions.sorted { $0.key < $1.key }.map(\.value)
        }
        stage += 1
        opening = nil
        weights = nil
        momentum = nil
        measurements = []
        beginRound(1)
    }
}
