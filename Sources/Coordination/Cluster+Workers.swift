package import RunProtocol

/// What workers say, and what becomes of their tasks.
extension Cluster {
    package mutating func workerRegistered(_ worker: WorkerID, _ registration: WorkerRegistration, now: Instant) {
        let process = registration.process
        workers[worker] = Worker(
            registration: registration, process: process, lastHeard: now, quarantine: quarantined[process])
    }

    /// A worker is alive and works on `tasks`, for which it has shown its tokens: its claims on them last longer, and a
    /// claim is made on those that nobody holds (the coordinator was restarted, or the worker was silent for a while).
    /// - Returns: the tasks that it should give up, because they are answered, over, or others'.
    package mutating func heartbeatReceived(
        from worker: WorkerID, tasks: [TaskProgress], now: Instant
    ) -> (abandon: [TaskID], decisions: [Decision]) {
        workers[worker]?.lastHeard = now
        let decisions = endLostLeases(of: worker, named: Set(tasks.map(\.task)), now: now)
        return (tasks.filter { !keepsClaim(worker, $0, now: now) }.map(\.task), decisions)
    }

    private mutating func keepsClaim(_ worker: WorkerID, _ progress: TaskProgress, now: Instant) -> Bool {
        let task = progress.task
        guard isOpen(task), let known = workers[worker], known.quarantine == nil else { return false }
        let deadline = now + times.leaseMilliseconds
        var claims = leases[task] ?? []
        if !claims.contains(where: { $0.worker == worker }) {
            guard claims.count < Self.claims, hasFreeSlot(worker) else { return false }
            claims.append(Lease(worker: worker, since: now, deadline: deadline, isWhole: false))
        }
        for place in claims.indices where claims[place].worker == worker {
            claims[place].deadline = deadline
            claims[place].heard(share: progress.share, now: now)
        }
        leases[task] = claims
        return true
    }

    /// A heartbeat names all that its worker works on. The answer that brought it another task must have been lost, where
    /// that was long ago, or its slots are full without it.
    private mutating func endLostLeases(of worker: WorkerID, named: Set<TaskID>, now: Instant) -> [Decision] {
        guard let known = workers[worker] else { return [] }
        var isAnyEnded = false
        let isFull = named.count >= known.registration.slots
        for (task, claims) in leases where !named.contains(task) {
            guard let lease = claims.first(where: { $0.worker == worker }) else { continue }
            guard isFull || lease.since + times.leaseMilliseconds * 2 / 5 < now else { continue }
            _ = endLease(of: task, by: worker)
            isAnyEnded = true
        }
        return isAnyEnded ? [Decision(.wakeWaitingSlots, because: "\(worker) does not name a task that it had")] : []
    }

    /// A worker has at most as many tasks as slots, however often it asks.
    func hasFreeSlot(_ worker: WorkerID) -> Bool {
        guard var free = workers[worker]?.registration.slots else { return false }
        for claims in leases.values where claims.contains(where: { $0.worker == worker }) {
            free -= 1
            if free <= 0 { return false }
        }
        return free > 0
    }

    /// A task's answer came in whole and is kept as a blob.
    package mutating func updateReceived(
        _ completion: TaskCompletion, from worker: WorkerID, now: Instant
    ) -> (UpdateReceipt.Verdict, [Decision]) {
        let task = completion.task
        guard isOpen(task) else { return (isAnswered(task) ? .duplicate : .late, []) }
        guard let known = workers[worker], known.quarantine == nil else { return (.late, []) }
        refusals[known.process] = nil
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
        guard endLease(of: task, by: worker), let process = workers[worker]?.process else { return [] }
        refusals[process, default: 0] += 1
        var decisions: [Decision] = []
        if let refusals = refusals[process], refusals >= Limits.refusedAnswers {
            let why = "\(refusals) of its answers in a row were refused, the last because \(reason)"
            decisions += quarantine(worker, process, because: why)
        }
        let attempt = FailedAttempt(task: task, worker: worker, reason: reason, process: process)
        decisions += record(.answerRefused(attempt), of: task.run, because: reason)
        return decisions + [Decision(.wakeWaitingSlots, because: "\(task) must be done again")]
    }

    /// A process gets no more tasks, under whatever names it has.
    mutating func quarantine(_ worker: WorkerID, _ process: String, because reason: String) -> [Decision] {
        guard quarantined[process] == nil else { return [] }
        quarantined[process] = reason
        refusals[process] = nil
        let names = workers.filter { $0.value.process == process }.keys
        for name in names {
            workers[name]?.quarantine = reason
            for task in leases.keys { _ = endLease(of: task, by: name) }
        }
        let host = names.first.flatMap { workers[$0]?.registration.host }
        let place = host.map { " on \($0)" } ?? ""
        let fact = Quarantine(process: process, worker: worker, host: host ?? "", reason: reason)
        return [
            Decision(.quarantine(fact), because: reason),
            Decision(.tell("\(worker)\(place) gets no more tasks", about: nil), because: reason),
        ]
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
        let gone = Set(silent.compactMap { workers.removeValue(forKey: $0)?.process })
        for process in gone.isEmpty ? [] : gone.subtracting(workers.values.map(\.process)) {
            (refusals[process], contradicted[process]) = (nil, nil)
            shortages.forget(process)
        }
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
