package import RunProtocol

/// The coordinator's mind: all runs, all workers, who has which task.
///
/// Every method is a past-tense event that answers with what has to be done and why. Nothing here reads a clock, does I/O,
/// or depends on the order in which a dictionary is walked; the same events give the same decisions.
///
/// Leases and workers are not durable. After a restart workers register again, and an answer to any open task counts,
/// whoever it was leased to: a task gives the same bits everywhere.
package struct Cluster: Sendable {
    package let times: ClusterTimes
    /// In the order in which they were submitted.
    package private(set) var runs: [RunState] = []
    package private(set) var workers: [WorkerID: Worker] = [:]
    package private(set) var leases: [TaskID: Lease] = [:]
    /// What the shell is computing for a run.
    private var performing: [RunID: RunState.Step] = [:]

    package struct Worker: Hashable, Sendable {
        package var registration: WorkerRegistration
        package var lastHeard: Instant
    }

    /// A worker's claim on a task.
    package struct Lease: Hashable, Sendable {
        package var worker: WorkerID
        package var deadline: Instant
    }

    package init(times: ClusterTimes = ClusterTimes()) {
        self.times = times
    }

    package func run(_ id: RunID) -> RunState? {
        runs.first { $0.id == id }
    }

    // MARK: Runs

    /// A run came in, or is taken up again after a restart with the facts that were recorded.
    package mutating func runSubmitted(_ id: RunID, plan: Plan, events: [RunEvent] = []) -> [Decision] {
        var state = RunState(id: id, plan: plan)
        events.forEach { state.apply($0) }
        runs.append(state)
        return advance(id)
    }

    /// What `perform` asked for has been done: `event` is what came of it.
    package mutating func stepFinished(_ event: RunEvent, of run: RunID) -> [Decision] {
        performing[run] = nil
        guard let state = self.run(run), !state.phase.isFinal else { return [] }
        return record(event, of: run, because: "it has been computed") + advance(run)
    }

    package mutating func cancelRequested(_ run: RunID) -> [Decision] {
        guard let state = self.run(run), !state.phase.isFinal else { return [] }
        return record(.cancelled, of: run, because: "somebody asked for it")
    }

    // MARK: Workers

    package mutating func workerRegistered(_ worker: WorkerID, _ registration: WorkerRegistration, now: Instant) {
        workers[worker] = Worker(registration: registration, lastHeard: now)
    }

    /// A slot wants a task.
    /// - Returns: of the oldest run the lowest open task that nobody holds, but first of all the round's measurement: it
    ///   takes a moment, and whoever watches a run sees a figure at once. Nil where there is none.
    package mutating func leaseRequested(by worker: WorkerID, now: Instant) -> TaskDescription? {
        guard workers[worker] != nil else { return nil }
        workers[worker]?.lastHeard = now
        for run in runs where run.phase == .running {
            let open = run.openTasks
            guard let index = (open.filter(run.isMeasurement) + open).first(where: { leases[run.taskID($0)] == nil }),
                let task = run.describeTask(index)
            else { continue }
            leases[task.id] = Lease(worker: worker, deadline: now + times.leaseMilliseconds)
            return task
        }
        return nil
    }

    /// A worker is alive and works on `tasks`: its claims on them last longer, and a claim is made on those that nobody
    /// holds (the coordinator was restarted, or the worker was silent for a while).
    /// - Returns: the tasks that it should give up, because they are answered, over, or another worker's.
    package mutating func heartbeatReceived(from worker: WorkerID, tasks: [TaskID], now: Instant) -> [TaskID] {
        workers[worker]?.lastHeard = now
        return tasks.filter { task in
            guard isOpen(task), leases[task].map({ $0.worker == worker }) ?? true else { return true }
            leases[task] = Lease(worker: worker, deadline: now + times.leaseMilliseconds)
            return false
        }
    }

    /// A worker gave a task back; with a reason if something went wrong with it. It is heard once, and only from the one
    /// that has the task: a message that was sent twice is one failure.
    package mutating func taskReleased(_ task: TaskID, by worker: WorkerID, failure: String?) -> [Decision] {
        guard endLease(of: task, by: worker) else { return [] }
        guard let failure else { return [Decision(.wakeWaitingSlots, because: "\(worker) gave \(task) back")] }
        return attemptFailed(FailedAttempt(task: task, worker: worker, reason: failure))
    }

    /// A task's answer came in whole and is kept as a blob.
    package mutating func updateReceived(_ completion: TaskCompletion) -> (UpdateReceipt.Verdict, [Decision]) {
        let task = completion.task
        guard isOpen(task) else { return (isAnswered(task) ? .duplicate : .late, []) }
        leases[task] = nil
        let recorded = record(.taskFinished(completion), of: task.run, because: "\(task) was answered")
        return (.accepted, recorded + advance(task.run))
    }

    /// An answer could not be used. This too counts once, for the one that has the task.
    package mutating func updateRefused(_ task: TaskID, from worker: WorkerID, reason: String) -> [Decision] {
        guard endLease(of: task, by: worker) else { return [] }
        return attemptFailed(FailedAttempt(task: task, worker: worker, reason: reason))
    }

    private mutating func endLease(of task: TaskID, by worker: WorkerID) -> Bool {
        guard leases[task]?.worker == worker else { return false }
        leases[task] = nil
        return isOpen(task)
    }

    /// Ends claims and forgets workers whose time is over.
    package mutating func timePassed(now: Instant) -> [Decision] {
        let silent = workers.filter { $0.value.lastHeard + times.workerMilliseconds < now }.keys
        silent.forEach { workers[$0] = nil }
        let expired = leases.filter { $0.value.deadline < now }.keys.sorted { $0.description < $1.description }
        expired.forEach { leases[$0] = nil }
        return expired.isEmpty
            ? [] : [Decision(.wakeWaitingSlots, because: "the leases of \(expired) have expired")]
    }

    /// Whether an answer to `task` would count.
    package func isOpen(_ task: TaskID) -> Bool {
        guard let run = run(task.run), run.stage == task.stage, run.round == task.round else { return false }
        return run.openTasks.contains(task.index)
    }

    private func isAnswered(_ task: TaskID) -> Bool {
        guard let run = run(task.run), run.stage == task.stage, run.round == task.round else { return false }
        return run.completions[task.index] != nil
    }

    // MARK: What follows

    private mutating func attemptFailed(_ attempt: FailedAttempt) -> [Decision] {
        let id = attempt.task.run
        var decisions = record(.attemptFailed(attempt), of: id, because: attempt.reason)
        let attempts = run(id)?.attempts[attempt.task.index] ?? 0
        if attempts >= Limits.taskAttempts {
            let reason = "task \(attempt.task) failed \(attempts) times, the last time because: \(attempt.reason)"
            decisions += record(.failed(reason: reason), of: id, because: reason)
        }
        return decisions + [Decision(.wakeWaitingSlots, because: "\(attempt.task) must be done again")]
    }

    /// Records what can be decided at once and asks for what has to be computed, until the run waits for tasks.
    private mutating func advance(_ id: RunID) -> [Decision] {
        guard performing[id] == nil, let (step, reason) = run(id)?.nextStep else { return [] }
        switch step {
        case .waitForTasks:
            return [Decision(.wakeWaitingSlots, because: reason)]
        case .finishStage(let ending):
            return record(.stageFinished(ending), of: id, because: reason) + advance(id)
        case .prepareData, .openStage, .average, .export:
            performing[id] = step
            return [Decision(.perform(step, of: id), because: reason)]
        }
    }

    private mutating func record(_ event: RunEvent, of id: RunID, because reason: String) -> [Decision] {
        guard let place = runs.firstIndex(where: { $0.id == id }) else { return [] }
        runs[place].apply(event)
        let tasksAreOver = runs[place].openTasks.isEmpty
        if tasksAreOver { leases = leases.filter { $0.key.run != id } }
        return [Decision(.record(event, of: id), because: reason)]
    }
}
