import Coordination
import PairClassifier
import RunProtocol
import Simulation

/// Performs a cluster's decisions at once, as the coordinator's shell does, and keeps what it recorded.
final class TestShell {
    var cluster = Cluster(compiler: .pairs)
    var recorded: [RunEvent] = []
    var clock = Instant(milliseconds: 0)
    let run: RunID
    let scenario: Scenario
    var plan: Plan { scenario.plan }
    /// Each worker is a process of its own, unless a test says otherwise.
    private var processes = 100
    var told: [(notice: Notice, reason: String)] = []
    var quarantines: [Quarantine] = []

    init(_ plan: Plan) {
        run = RunID(rawValue: "run-test") ?? { preconditionFailure("a valid name") }()
        scenario = Scenario(pairs: plan)
    }

    func start(events: [RunEvent] = []) {
        cluster = Cluster(compiler: .pairs, quarantines: quarantines)
        recorded = events
        perform(cluster.runSubmitted(run, plan: plan, events: events))
    }

    func perform(_ decisions: [Decision]) {
        for decision in decisions {
            switch decision.action {
            case .record(let event, _): recorded.append(event)
            case .perform(let step, _):
                guard let state = cluster.run(run) else { continue }
                perform(cluster.stepFinished(Example.outcome(of: step, state, scenario.manifest), of: run))
            case .tell(let notice, _): told.append((notice, decision.reason))
            case .quarantine(let quarantine): quarantines.append(quarantine)
            case .wakeWaitingSlots: continue
            }
        }
    }

    func join(
        _ name: String, host: String = "here", process: Int? = nil, instructionSet: String = "any", slots: Int = 99
    ) -> WorkerID {
        guard let worker = WorkerID(rawValue: name) else { preconditionFailure("a valid name") }
        processes += 1
        let registration = Example.registration(
            host: host, processID: process ?? processes, instructionSet: instructionSet, slots: slots)
        cluster.workerRegistered(worker, registration, now: clock)
        return worker
    }

    func lease(_ worker: WorkerID) -> TaskDescription? {
        cluster.leaseRequested(by: worker, now: clock)?.task
    }

    func heartbeat(
        _ worker: WorkerID, _ tasks: [TaskID], share: Double = 0, activity: Int? = nil, trouble: String? = nil
    ) -> [TaskID] {
        let progress = tasks.map {
            TaskProgress(task: $0, token: LeaseToken(worker: worker, code: []), share: share, activity: activity)
        }
        let heard = cluster.heartbeatReceived(from: worker, tasks: progress, trouble: trouble, now: clock)
        perform(heard.decisions)
        return heard.abandon
    }

    func answer(
        _ task: TaskDescription, by worker: WorkerID? = nil, error: Double? = nil, mistake: String = ""
    ) -> UpdateReceipt.Verdict? {
        guard let completion = Example.completion(task, error: error, mistake: mistake) else { return nil }
        let holder = worker ?? cluster.leases[task.id]?.first?.worker ?? join("stranger")
        let (verdict, decisions) = cluster.updateReceived(completion, from: holder, now: clock)
        perform(decisions)
        return verdict
    }

    var reasonToWait: String? { cluster.run(run).flatMap { cluster.reasonToWait($0, now: clock) } }

    /// Lets so many seconds pass, with a heartbeat of each worker every third second.
    func pass(seconds: Int, _ beats: [(worker: WorkerID, tasks: [TaskID])], activity: (Int) -> Int? = { _ in nil }) {
        for second in 1...seconds {
            clock = clock + 1_000
            if second % 3 == 0 {
                for beat in beats { _ = heartbeat(beat.worker, beat.tasks, activity: activity(second)) }
            }
            perform(cluster.timePassed(now: clock))
        }
    }

    var phase: RunState.Phase? { cluster.run(run)?.phase }

    /// The kind of failure that ended the run; nil where none has.
    var failure: RunFailure? { if case .failed(_, let cause) = recorded.last { cause } else { nil } }

    /// How often people were told of it.
    func count(_ notice: Notice) -> Int { told.count { $0.notice == notice } }

    /// One worker does everything.
    func runToTheEnd(error: (TaskDescription) -> Double? = { _ in nil }) {
        let worker = join("steady")
        while phase == .running, let task = lease(worker) { _ = answer(task, error: error(task)) }
    }
}
