package import RunProtocol

/// What workers say, and what becomes of their tasks.
extension Cluster {
    package mutating func workerRegistered(_ worker: WorkerID, _ registration: WorkerRegistration, now: Instant) {
        workers[worker] = Worker(registration: registration, process: registration.process, lastHeard: now)
    }

    /// A worker is alive and works on `tasks`: its claims on them last longer, and a claim is made on those that nobody
    /// holds (the coordinator was restarted, or the worker was silent for a while).
    /// - Returns: the tasks that it should give up, because they are answered, over, or others'.
    package mutating func heartbeatReceived(from worker: WorkerID, tasks: [TaskProgress], now: Instant) -> [TaskID] {
        workers[worker]?.lastHeard = now
        return tasks.filter { !keepsClaim(worker, $0, now: now) }.map(\.task)
    }

    private mutating func keepsClaim(_ worker: WorkerID, _ progress: TaskProgress, now: Instant) -> Bool {
        let task = progress.task
        guard isOpen(task), let known = workers[worker], known.quarantine == nil else { return false }
        let deadline = now + times.leaseMilliseconds
        var claims = leases[task] ?? []
        if !claims.contains(where: { $0.worker == worker }) {
            guard claims.count < Self.claims else { return false }
            claims.append(Lease(worker: worker, since: now, deadline: deadline, isWhole: false))
        }
        for place in claims.indices where claims[place].worker == worker {
            claims[place].deadline = deadline
            claims[place].heard(share: progress.share, now: now)
        }
        leases[task] = claims
        return true
    }

    /// A task's answer came in whole and is kept as a blob.
    package mutating func updateReceived(
        _ completion: TaskCompletion, from worker: WorkerID, now: Instant
    ) -> (UpdateReceipt.Verdict, [Decision]) {
        let task = completion.task
        guard isOpen(task) else { return (isAnswered(task) ? .duplicate : .late, []) }
        workers[worker]?.refusals = 0
        if let lease = leases[task]?.first(where: { $0.worker == worker }), lease.isWhole, let kind = kind(of: task) {
            durations.add(now.milliseconds - lease.since.milliseconds, kind, by: worker)
        }
        if let run = run(task.run), run.isVerified(task.index) {
            _ = endLease(of: task, by: worker)
            return (.accepted, compare(completion, from: worker, in: run))
        }
        leases[task] = nil
        let contradictions = divergencesContradicted(by: worker, task)
        let recorded = record(.taskFinished(completion), of: task.run, because: "\(worker) answered \(task)")
        return (.accepted, contradictions + recorded + advance(task.run))
    }

    /// An answer could not be used. This too counts once, for one that has the task.
    package mutating func updateRefused(_ task: TaskID, from worker: WorkerID, reason: String) -> [Decision] {
        guard endLease(of: task, by: worker) else { return [] }
        workers[worker]?.refusals += 1
        var decisions: [Decision] = []
        if let refusals = workers[worker]?.refusals, refusals >= Limits.refusedAnswers {
            let why = "\(refusals) of its answers in a row were refused, the last because \(reason)"
            decisions += quarantine(worker, because: why)
        }
        let attempt = FailedAttempt(
            task: task, worker: worker, reason: reason, process: workers[worker]?.process)
        decisions += record(.answerRefused(attempt), of: task.run, because: reason)
        return decisions + [Decision(.wakeWaitingSlots, because: "\(task) must be done again")]
    }

    mutating func quarantine(_ worker: WorkerID, because reason: String) -> [Decision] {
        guard let known = workers[worker], known.quarantine == nil else { return [] }
        workers[worker]?.quarantine = reason
        for task in leases.keys { _ = endLease(of: task, by: worker) }
        let text = "\(worker) on \(known.registration.host) gets no more tasks"
        return [Decision(.tell(text, about: nil), because: reason)]
    }

    /// - Returns: whether the worker had the task, and it is open.
    mutating func endLease(of task: TaskID, by worker: WorkerID) -> Bool {
        guard let place = leases[task]?.firstIndex(where: { $0.worker == worker }) else { return false }
        leases[task]?.remove(at: place)
        if leases[task]?.isEmpty == true { leases[task] = nil }
        return isOpen(task)
    }

    /// Ends claims and forgets workers whose time is over.
    package mutating func timePassed(now: Instant) -> [Decision] {
        let silent = workers.filter { $0.value.lastHeard + times.workerMilliseconds < now }.keys
        var decisions = silent.sorted { $0.rawValue < $1.rawValue }.map { worker in
            let host = workers[worker]?.registration.host ?? ""
            return Decision(
                .tell("\(worker) on \(host) is taken for lost", about: nil),
                because: "it has not been heard for \(times.workerMilliseconds / 1000) s")
        }
        silent.forEach { workers[$0] = nil }
        for (task, claims) in leases.sorted(by: { $0.key.description < $1.key.description }) {
            for lease in claims where lease.deadline < now && endLease(of: task, by: lease.worker) {
                let text = "\(lease.worker) has lost \(task)"
                decisions.append(Decision(.tell(text, about: task.run), because: "its lease has expired"))
            }
        }
        let isBackupWorthwhile = leases.contains { task, claims in
            guard let kind = kind(of: task), let fastest = durations.fastest(kind) else { return false }
            return timeLeft(claims, kind, ifLongerThan: fastest, now: now) != nil
        }
        if !decisions.isEmpty || isBackupWorthwhile {
            decisions.append(Decision(.wakeWaitingSlots, because: "tasks may be open, or worth a second worker"))
        }
        return decisions
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

    /// The tasks that a worker has.
    package func tasks(of worker: WorkerID) -> [TaskID] {
        leases.filter { $0.value.contains { $0.worker == worker } }.keys.sorted { $0.description < $1.description }
    }
}
