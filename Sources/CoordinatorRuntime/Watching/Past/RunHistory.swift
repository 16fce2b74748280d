package import Coordination
package import RunProtocol

/// What people see of a run's past: the fold of its facts with their times. No decision depends on it.
package struct RunHistory: Sendable {
    let submittedAt: Double
    private(set) var finishedAt: Double?
    /// How many facts there are: the revision of the run's status.
    private(set) var revision = 0
    package private(set) var stages: [StageStatus]
    /// What people should know, each once, in the order in which it became known.
    private(set) var remarks: [Remark]
    /// Nil before the data are known.
    private var compiled: CompiledRun?
    /// Results that stand each for itself, by stage and place in its round.
    private var collected: [Int: [Int: TaskCompletion]] = [:]
    private var roundStartedAt: Double
    /// How many seconds workers spent on fetching and encoding what the tasks of each round read, by stage and round.
    private var preparations: [Int: [Int: Preparation]] = [:]
    /// The number of the change that is being applied, and those of each stage's rounds' last ones.
    private var latestChange = 0
    private var changes: [Int: [Int: Int]] = [:]

    package init(outline: RunOutline, submittedAt: Double) {
        self.submittedAt = submittedAt
        roundStartedAt = submittedAt
        remarks = outline.remarks
        stages = outline.stages
    }

    /// - Parameters:
    ///   - compiled: what the run does, when the event has been applied; nil before its data are known.
    ///   - change: the number of the change that this is for those who watch.
    package mutating func apply(_ event: RunEvent, compiled: CompiledRun?, at time: Double, change: Int) {
        self.compiled = compiled
        latestChange = change
        revision += 1
        switch event {
        case .dataPrepared:
            remark(compiled?.remarks ?? [])
            for (index, stage) in (compiled?.stages ?? []).enumerated() where stages.indices.contains(index) {
                stages[index].outputs = stage.outputs
            }
        case .attemptFailed, .answerRefused, .answerWitnessed, .answerContradicted: break
        case .stageOpened(let opening):
            stages[opening.stage].state = .running
            stages[opening.stage].startedAt = time
            roundStartedAt = time
        case .taskFinished(let completion): add(completion)
        case .roundClosed(let closing):
            // A clock that was set back says nothing of how long it took.
            let seconds = time >= roundStartedAt ? time - roundStartedAt : nil
            update(closing.round, ofStage: closing.stage) { $0.seconds = seconds }
            stages[closing.stage].round = closing.round
            roundStartedAt = time
        case .stageFinished(let ending):
            stages[ending.stage].state = .finished
            stages[ending.stage].finishedAt = time
            stages[ending.stage].note = ending.note
            finish(ending.stage)
        case .finished, .failed, .cancelled: finishedAt = time
        }
    }

    private mutating func finish(_ stage: Int) {
        guard let compiled, compiled.stages.indices.contains(stage) else { return }
        let results = completions(ofStage: stage).map(\.figures)
        let found = compiled.stages[stage].remarks(on: stages[stage], results: results)
        remark(found.map { Remark($0.kind, $0.text, stage: stage) })
    }

    private mutating func remark(_ new: [Remark]) {
        for remark in new where !remarks.contains(remark) { remarks.append(remark) }
    }

    private mutating func add(_ completion: TaskCompletion) {
        let (stage, figures) = (completion.task.stage, completion.figures)
        let (metrics, isMeasurement) = (stages[stage].metrics, isMeasurement(completion))
        preparations[stage, default: [:]][completion.task.round, default: Preparation()]
            .add(figures, isMeasurement: isMeasurement)
        if stages[stage].isCollected { collected[stage, default: [:]][completion.task.index] = completion }
        if isMeasurement {
            // Measured on the weights that the round starts from: the round before made them.
            update(completion.task.round - 1, ofStage: stage) { record in
                for metric in metrics where metric.of == .weights {
                    record.metrics[metric.name] = figures.metrics[metric.resultKey]
                }
            }
            return
        }
        update(completion.task.round, ofStage: stage) { record in
            let samples = record.samples + figures.samples
            for metric in metrics where metric.of == .round && samples > 0 {
                guard let value = figures.metrics[metric.resultKey] else { continue }
                let before = (record.metrics[metric.name] ?? 0) * Double(record.samples)
                record.metrics[metric.name] = (before + value * Double(figures.samples)) / Double(samples)
            }
            record.samples = samples
            if let bytes = completion.bytes { record.bytes = (record.bytes ?? 0) + bytes }
        }
    }

    private mutating func update(_ round: Int, ofStage stage: Int, _ body: (inout RoundRecord) -> Void) {
        changes[stage, default: [:]][round] = latestChange
        let place = stages[stage].history.lastIndex { $0.round == round }
        if let place {
            body(&stages[stage].history[place])
        } else {
            var record = RoundRecord(round: round)
            body(&record)
            stages[stage].history.append(record)
            stages[stage].history.sort { $0.round < $1.round }
        }
    }

    /// The rounds that have changed after change `number`.
    func rounds(after number: Int) -> [StageRound] {
        stages.enumerated().flatMap { index, stage in
            stage.history.filter { changes[index]?[$0.round] ?? 0 > number }
                .map { StageRound(stage: index, record: $0) }
        }
    }

    private func isMeasurement(_ completion: TaskCompletion) -> Bool {
        stages[completion.task.stage].outputs?.areMeasured(in: completion.figures) ?? false
    }

    /// How many samples a task learnt from.
    func samplesLearnt(in completion: TaskCompletion) -> Int {
        let trains = stages[completion.task.stage].outputs?.trains ?? true
        return trains && !isMeasurement(completion) ? completion.figures.samples : 0
    }

    private func completions(ofStage stage: Int) -> [TaskCompletion] {
        (collected[stage] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
    }

    /// The results that stand each for itself, in the order of their stages and tasks.
    var results: [TrialResult] {
        (compiled?.stages ?? []).enumerated().flatMap { index, stage in
            completions(ofStage: index).compactMap { completion in
                stage.trial(ofTask: completion.task.index).map { trial in
                    TrialResult(
                        stage: index, trial, samples: completion.figures.samples,
                        values: stage.outputs.values(in: completion.figures))
                }
            }
        }
    }

    /// Whether a task has been answered.
    var hasAnswers: Bool { stages.contains { !$0.history.isEmpty } }

    /// Whether a stage's tasks are done once.
    func isOnce(_ stage: Int) -> Bool { stages[stage].isCollected }

    /// Of the last round that was closed.
    var samplesPerSecond: Double? {
        stages.flatMap(\.history).last { $0.seconds != nil }.flatMap { record in
            record.seconds.map { Double(record.samples) / max($0, 0.001) }
        }
    }

    /// How far it is.
    /// - Parameters:
    ///   - costs: of each stage.
    ///   - share: how much of the open round's work is done.
    ///   - time: seconds since 1970.
    package func progress(costs: [StageCost], share: Double, at time: Double) -> RunProgress {
        RunProgress(
            stages.enumerated().map { index, status in
                let cost = costs.indices.contains(index) ? costs[index] : StageCost(round: 0)
                var stage = RunProgress.Stage(cost: cost, rounds: status.rounds)
                stage.closed = closedRounds(ofStage: index, turns: cost.turns)
                stage.isFinished = status.state == .finished
                if status.state == .running {
                    // A clock may go back.
                    stage.elapsed = max(0, time - roundStartedAt)
                    stage.share = share
                }
                return stage
            })
    }

    /// A stage that averages nothing has one.
    private func closedRounds(ofStage index: Int, turns: Int) -> [RunProgress.Round] {
        let status = stages[index]
        let closed = status.history.compactMap { record in
            record.seconds.map { seconds in
                let preparation = preparations[index]?[record.round]?.seconds(ofRound: seconds, turns: turns) ?? 0
                return RunProgress.Round(seconds: seconds, preparation: preparation)
            }
        }
        guard closed.isEmpty, let start = status.startedAt, let end = status.finishedAt else { return closed }
        return [RunProgress.Round(seconds: max(0, end - start))]
    }
}

/// What the tasks of a round took before they computed, and then.
private struct Preparation {
    private var measurement = 0.0
    private var training: [Double] = []
    private var computing: [Double] = []

    mutating func add(_ figures: TaskFigures, isMeasurement: Bool) {
        let seconds = figures.preparationSeconds ?? 0
        guard !isMeasurement else { return measurement = seconds }
        training.append(seconds)
        computing.append(figures.seconds)
    }

    /// How many seconds of the round that were, where a slot does so many tasks one after another.
    func seconds(ofRound whole: Double, turns: Int) -> Double {
        // Perhaps the slot that measures is the one that is waited for; but tasks compute no less than they say.
        let most = max(0, whole - Self.longest(computing, turns: turns))
        return min(measurement + Self.longest(training, turns: turns), most)
    }

    /// The slowest slot's time: that of the slowest task, or of so many tasks.
    private static func longest(_ seconds: [Double], turns: Int) -> Double {
        guard let longest = seconds.max() else { return 0 }
        return max(longest, seconds.reduce(0, +) / Double(seconds.count) * Double(turns))
    }
}
