package import Coordination
import Kinds
package import RunProtocol

/// A small plan, its manifest, and made-up answers to its tasks: all that a cluster needs of data and training to decide.
package enum Example {
    package static func plan(
        layers: Int = 2, rounds: Int = 3, replicas: Int = 2, stopping: EarlyStopping? = nil, draws: Int? = 2,
        verify: Double? = nil
    ) -> Plan {
        let stage = StageSettings(
            rounds: rounds, replicas: replicas, localEpochs: 1, batchSize: 8, loss: .meanSquaredError,
            outputActivation: .linear, corruption: .none, l1: 0.1, decoder: .unitNorm,
            optimizer: .sgd(learningRate: 0.1, momentum: 0), schedule: .constant, outer: .mean,
            earlyStopping: stopping)
        let source = SampleSource(path: "data")
        let labels = LabelSource.file(path: "labels")
        let tuning = FineTuningSettings(
            epochs: 1, batchSize: 8, optimizer: .sgd(learningRate: 0.1, momentum: 0), encoderLearningRate: 0.1,
            dropout: 0, inputDropout: 0, weightDecay: 0, compareFromScratch: true)
        return Plan(
            name: "example", seed: 7,
            data: DataPlan(
                unlabeled: source, heldOut: 10, shards: 3,
                labeled: draws.map { LabeledSource(samples: source, labels: labels, perClass: 1, draws: $0) },
                test: draws.map { _ in LabeledTest(samples: source, labels: labels) }),
            layers: Array(repeating: LayerSpec(units: 3, activation: .relu), count: layers),
            stages: Array(repeating: stage, count: layers), fineTuning: draws == nil ? nil : tuning,
            verify: verify)
    }

    package static func digest(_ text: String) -> Digest { Digest(of: Array(text.utf8)) }

    package static func samples(_ name: String) -> SampleSet {
        SampleSet(digest: digest(name), count: 20, size: 4, divisor: 1)
    }

    package static func manifest(draws: Int = 2) -> DataManifest {
        DataManifest(
            planHash: digest("plan"), inputSize: 4, shards: (0..<3).map { samples("shard \($0)") },
            heldOut: samples("held out"),
            draws: (0..<draws).map { LabeledBlobs(samples: samples("draw \($0)"), labels: digest("labels \($0)")) },
            test: LabeledBlobs(samples: samples("test"), labels: digest("test labels")), classes: 2)
    }

    package static func registration(
        host: String = "here", processID: Int = 1, instructionSet: String = "any", slots: Int = 1
    ) -> WorkerRegistration {
        WorkerRegistration(
            host: host, processID: processID, nonce: "", slots: slots, version: "1", instructionSet: instructionSet)
    }

    /// The answer to a task: a function of the task alone.
    ///
    /// - Parameter mistake: empty, or what a worker has made of it.
    package static func completion(
        _ task: TaskDescription, error: Double? = nil, mistake: String = ""
    ) -> TaskCompletion? {
        var figures = TaskFigures(samples: 20, metrics: ["loss": 1])
        if case .evaluate(let work) = task.work, work.objective != nil {
            figures.metrics["reconstructionError"] = error ?? 10 / Double(task.id.round + task.id.stage)
        }
        let text = (task.work.inputs.map(\.hex) + [task.id.description, mistake]).joined(separator: " ")
        return TaskCompletion(task: task.id, update: digest(text), figures: figures, bits: digest("bits of " + text))
    }

    /// What comes of a step: a function of the run's facts alone, as in the coordinator.
    package static func outcome(of step: RunState.Step, _ state: RunState) -> RunEvent {
        let facts = state.completions.sorted { $0.key < $1.key }.map(\.value.update.hex).joined()
        switch step {
        case .prepareData: return .dataPrepared(manifest(draws: state.plan.data.labeled?.draws ?? 0))
        case .openStage(let stage):
            let weights = state.stages[stage].starts.indices.map { digest("start \(stage) \($0)") }
            let frozen = state.stages[stage].frozen.map { _ in digest("stack " + ended(state)) }
            return .stageOpened(StageOpening(stage: stage, frozen: frozen, weights: weights))
        case .average:
            return .roundClosed(
                RoundClosing(
                    stage: state.stage, round: state.round, weights: digest(facts), momentum: nil))
        case .export:
            let results = state.collected.sorted { $0.key < $1.key }.map { "\($0.value.count)" }
            let digest = digest(ended(state) + results.joined(separator: " "))
            return .finished(exports: [ExportDescription(part: .pretrained, digest: digest, bytes: 1)])
        case .finishStage, .waitForTasks: return .failed(reason: "a step that needs no work was asked for")
        }
    }

    /// The weights of the stages that have ended, in their order.
    private static func ended(_ state: RunState) -> String {
        state.stageWeights.sorted { $0.key < $1.key }.map(\.value.hex).joined()
    }

    /// The facts of a run in which nothing goes wrong.
    package static func undisturbed(_ plan: Plan, _ run: RunID) -> [RunEvent] {
        var cluster = Cluster(compiler: .all)
        var events: [RunEvent] = []
        var todo = cluster.runSubmitted(run, plan: plan)
        let now = Instant(milliseconds: 0)
        guard let worker = WorkerID(rawValue: "steady") else { return [] }
        cluster.workerRegistered(worker, registration(), now: now)
        while true {
            for decision in todo {
                if case .record(let event, _) = decision.action { events.append(event) }
            }
            let steps = todo.compactMap { if case .perform(let step, _) = $0.action { step } else { nil } }
            if let step = steps.first, let state = cluster.run(run) {
                todo = cluster.stepFinished(outcome(of: step, state), of: run)
            } else if let grant = cluster.leaseRequested(by: worker, now: now), let answer = completion(grant.task) {
                todo = cluster.updateReceived(answer, from: worker, now: now).1
            } else {
                return events
            }
        }
    }
}
