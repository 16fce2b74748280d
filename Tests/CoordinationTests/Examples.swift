import Coordination
import RunProtocol

/// A small plan, its manifest, and made-up answers to its tasks.
enum Example {
    static func plan(
        layers: Int = 2, rounds: Int = 3, replicas: Int = 2, stopping: EarlyStopping? = nil, draws: Int? = 2
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
            stages: Array(repeating: stage, count: layers), fineTuning: draws == nil ? nil : tuning)
    }

    static func digest(_ text: String) -> Digest { Digest(of: Array(text.utf8)) }

    static func samples(_ name: String) -> SampleSet {
        SampleSet(digest: digest(name), count: 20, size: 4, divisor: 1)
    }

    static func manifest(draws: Int = 2) -> DataManifest {
        DataManifest(
            planHash: digest("plan"), inputSize: 4, shards: (0..<3).map { samples("shard \($0)") },
            heldOut: samples("held out"),
            draws: (0..<draws).map { LabeledBlobs(samples: samples("draw \($0)"), labels: digest("labels \($0)")) },
            test: LabeledBlobs(samples: samples("test"), labels: digest("test labels")), classes: 2)
    }

    static func registration() -> WorkerRegistration {
        WorkerRegistration(host: "here", processID: 1, slots: 1, version: "1", instructionSet: "any")
    }

    /// The answer to a task: a function of the task alone.
    static func completion(_ task: TaskDescription, error: Double? = nil) -> TaskCompletion? {
        var figures = TaskFigures(samples: 20, loss: 1)
        if case .measureReconstruction = task.work {
            figures.reconstructionError = error ?? 10 / Double(task.id.round + task.id.stage)
        }
        let text = (task.work.inputs.map(\.hex) + [task.id.description]).joined(separator: " ")
        return TaskCompletion(task: task.id, update: digest(text), figures: figures)
    }
}

/// Performs a cluster's decisions at once, as the coordinator's shell does, and keeps what it recorded.
final class TestShell {
    var cluster = Cluster()
    var recorded: [RunEvent] = []
    var clock = Instant(milliseconds: 0)
    let run: RunID
    let plan: Plan

    init(_ plan: Plan) {
        run = RunID(rawValue: "run-test") ?? { preconditionFailure("a valid name") }()
        self.plan = plan
    }

    func start(events: [RunEvent] = []) {
        cluster = Cluster()
        recorded = events
        perform(cluster.runSubmitted(run, plan: plan, events: events))
    }

    func perform(_ decisions: [Decision]) {
        for decision in decisions {
            switch decision.action {
            case .record(let event, _): recorded.append(event)
            case .perform(let step, _): perform(cluster.stepFinished(outcome(of: step), of: run))
            case .wakeWaitingSlots, .tell: continue
            }
        }
    }

    private func outcome(of step: RunState.Step) -> RunEvent {
        guard let state = cluster.run(run) else { return .failed(reason: "no run") }
        let facts = state.completions.sorted { $0.key < $1.key }.map(\.value.update.hex).joined()
        switch step {
        case .prepareData: return .dataPrepared(Example.manifest(draws: plan.data.labeled?.draws ?? 0))
        case .openStage(let stage):
            let weights = (0..<max(state.fineTuned.count, 1)).map { Example.digest("start \(stage) \($0)") }
            let frozen = stage == 0 ? nil : Example.digest("stack " + state.stageWeights.map(\.hex).joined())
            return .stageOpened(StageOpening(stage: stage, frozen: frozen, weights: weights))
        case .average:
            return .roundClosed(
                RoundClosing(
                    stage: state.stage, round: state.round, weights: Example.digest(facts), momentum: nil))
        case .export:
            let digest = Example.digest(state.stageWeights.map(\.hex).joined() + "\(state.evaluations.count)")
            return .finished(exports: [ExportDescription(part: .pretrained, digest: digest, bytes: 1)])
        case .finishStage, .waitForTasks: return .failed(reason: "a step that needs no work was asked for")
        }
    }

    func join(_ name: String) -> WorkerID {
        guard let worker = WorkerID(rawValue: name) else { preconditionFailure("a valid name") }
        cluster.workerRegistered(worker, Example.registration(), now: clock)
        return worker
    }

    func lease(_ worker: WorkerID) -> TaskDescription? {
        cluster.leaseRequested(by: worker, now: clock)?.task
    }

    func heartbeat(_ worker: WorkerID, _ tasks: [TaskID], share: Double = 0) -> [TaskID] {
        let progress = tasks.map { TaskProgress(task: $0, share: share) }
        return cluster.heartbeatReceived(from: worker, tasks: progress, now: clock)
    }

    func answer(_ task: TaskDescription, by worker: WorkerID? = nil, error: Double? = nil) -> UpdateReceipt.Verdict? {
        guard let completion = Example.completion(task, error: error) else { return nil }
        let holder = worker ?? cluster.leases[task.id]?.first?.worker ?? WorkerID(rawValue: "stranger")!
        let (verdict, decisions) = cluster.updateReceived(completion, from: holder, now: clock)
        perform(decisions)
        return verdict
    }

    var phase: RunState.Phase? { cluster.run(run)?.phase }

    /// One worker does everything.
    func runToTheEnd(error: (TaskDescription) -> Double? = { _ in nil }) {
        let worker = join("steady")
        while phase == .running, let task = lease(worker) { _ = answer(task, error: error(task)) }
    }
}
