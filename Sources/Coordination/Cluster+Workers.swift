package import RunProtocol

/// What workers say, and what becomes of their tasks.
extension Cluster {
    package mutating func workerRegistered(_ worker: WorkerID, _ registration: WorkerRegistration, now: Instant) {
        let process = registration.process
        workers[worker] = Worker(
            registration: registration, process: process, lastHeard: now, lastAvailable: now,
            quarantine: quarantined[process])
    }

    /// Makes room for another worker where there are too many: of those that were never heard since they registered, the
    /// oldest go.
    /// - Returns: whether there is room.
    package mutating func makeRoomForWorker() -> Bool {
        guard workers.count >= Limits.workers else { return true }
        let mute = workers.filter { !$0.value.hasSpoken }
            .sorted { ($0.value.lastHeard, $0.key.rawValue) < ($1.value.lastHeard, $1.key.rawValue) }
        // Many at once: else they were all sorted at each of many registrations.
        let count = (mute.count + 9) / 10
        forget(Set(mute.prefix(count).map(\.key)))
        return count > 0
    }

    /// A worker ends by itself: its tasks are others'.
    package mutating func workerLeft(_ worker: WorkerID) -> [Decision] {
        guard let known = workers[worker] else { return [] }
        let tasks = tasks(of: worker)
        forget([worker])
        for task in tasks { _ = endLease(of: task, by: worker) }
        let reason =
            tasks.isEmpty
            ? "it was told to stop" : "it was told to stop; its \(tasks.count.counted("task")) are open again"
        let told = Decision(.tell(.workerLeft(worker, host: known.registration.host), about: nil), because: reason)
        return [told] + (tasks.isEmpty ? [] : [Decision(.wakeWaitingSlots, because: "its tasks are open again")])
    }

    mutating func heard(_ worker: WorkerID, now: Instant) {
        workers[worker]?.lastHeard = now
        workers[worker]?.hasSpoken = true
    }

    /// Whether nothing has been heard of the worker for longer than a lease lasts.
    package func isSilent(_ worker: WorkerID, now: Instant) -> Bool {
        workers[worker].map { $0.lastHeard + times.leaseMilliseconds < now } ?? true
    }

    private mutating func forget(_ names: Set<WorkerID>) {
        let gone = Set(names.compactMap { workers.removeValue(forKey: $0)?.process })
        guard !gone.isEmpty else { return }
        for process in gone.subtracting(workers.values.map(\.process)) {
            (refusals[process], contradicted[process]) = (nil, nil)
            shortages.forget(process)
        }
    }

    /// A worker is alive and works on `tasks`, for which it has shown its tokens: its claims on them last longer, and a
    /// claim is made on those that nobody holds (the coordinator was restarted, or the worker was silent for a while).
    /// - Returns: the tasks that it should give up, because they are answered, over, or others'.
    package mutating func heartbeatReceived(
        from worker: WorkerID, tasks: [TaskProgress], trouble: String? = nil, now: Instant
    ) -> (abandon: [TaskID], decisions: [Decision]) {
        heard(worker, now: now)
        var decisions = noteTrouble(trouble, of: worker)
        decisions += endLostLeases(of: worker, named: Set(tasks.map(\.task)), now: now)
        var abandon: [TaskID] = []
        for progress in tasks {
            if keepsClaim(worker, progress, now: now) {
                decisions += getsOnAgain(worker, progress.task, now: now)
            } else {
                abandon.append(progress.task)
            }
        }
        return (abandon, decisions)
    }

    /// Told when it comes up, changes or is over.
    private mutating func noteTrouble(_ trouble: String?, of worker: WorkerID) -> [Decision] {
        guard let known = workers[worker], known.trouble != trouble else { return [] }
        workers[worker]?.trouble = trouble
        let host = known.registration.host
        guard let trouble else {
            let notice = Notice.workerOutOfTrouble(worker, host: host)
            return [Decision(.tell(notice, about: nil), because: "what was in its way is over")]
        }
        return [Decision(.tell(.workerInTrouble(worker, host: host), about: nil), because: trouble)]
    }

    private mutating func getsOnAgain(_ worker: WorkerID, _ task: TaskID, now: Instant) -> [Decision] {
        guard let place = leases[task]?.firstIndex(where: { $0.worker == worker }), let lease = leases[task]?[place],
            lease.isToldStalled, !isStalled(lease, now: now)
        else { return [] }
        leases[task]?[place].isToldStalled = false
        leases[task]?[place].isGivenUp = false
        return [Decision(.tell(.taskMovesAgain(task, with: worker), about: task.run), because: "its progress moves")]
    }

    private mutating func keepsClaim(_ worker: WorkerID, _ progress: TaskProgress, now: Instant) -> Bool {
        let task = progress.task
        guard isOpen(task), let known = workers[worker], known.quarantine == nil,
            givenBack[task]?.contains(worker) != true
        else { return false }
        let deadline = now + times.leaseMilliseconds
        var claims = leases[task] ?? []
        if !claims.contains(where: { $0.worker == worker }) {
            let moving = claims.count { !isStalled($0, now: now) }
            guard moving < Self.claims, hasFreeSlot(worker) else { return false }
            claims.append(Lease(worker: worker, since: now, deadline: deadline, isWhole: false))
        }
        for place in claims.indices where claims[place].worker == worker {
            claims[place].deadline = deadline
            claims[place].heard(progress, now: now)
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
        samplesRead(for: task, by: worker)
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
        let fact = Quarantine(process: process, worker: worker, host: host ?? "", reason: reason)
        return [
            Decision(.quarantine(fact), because: reason),
            Decision(.tell(.workerQuarantined(worker, host: host), about: nil), because: reason),
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
        // A worker that has registered asks for tasks at once.
        let mute = max(15_000, times.leaseMilliseconds)
        let silent = workers.filter { _, worker in
            worker.lastHeard + (worker.hasSpoken ? times.workerMilliseconds : mute) < now
        }.keys
        var decisions = silent.sorted { $0.rawValue < $1.rawValue }.map { worker in
            let host = workers[worker]?.registration.host ?? ""
            let seconds = (now.milliseconds - (workers[worker]?.lastHeard ?? now).milliseconds) / 1000
            return Decision(
                .tell(.workerLost(worker, host: host), about: nil), because: "it has not been heard for \(seconds) s")
        }
        forget(Set(silent))
        for (task, claims) in leases.sorted(by: { $0.key.description < $1.key.description }) {
            for lease in claims where lease.deadline < now && endLease(of: task, by: lease.worker) {
                let notice = Notice.leaseExpired(task, of: lease.worker)
                decisions.append(Decision(.tell(notice, about: task.run), because: "its lease has expired"))
            }
        }
        decisions += tellStalled(now: now)
        findUnavailable(now: now)
        if offer(now: now) != .nothing {
            decisions.append(Decision(.wakeWaitingSlots, because: "tasks may be open, or worth a second worker"))
        }
        return decisions
    }

    /// A worker with a free slot asks again and again; one that has lost its task in a moment of silence goes on with it.
    private mutating func findUnavailable(now: Instant) {
        for worker in Set(leases.values.joined().map(\.worker)) { workers[worker]?.lastAvailable = now }
        unavailable = Set(workers.filter { $0.value.lastAvailable + 2 * times.stallMilliseconds < now }.keys)
    }

    private mutating func tellStalled(now: Instant) -> [Decision] {
        var decisions: [Decision] = []
        for task in leases.keys.sorted(by: { $0.description < $1.description }) {
            for (place, lease) in (leases[task] ?? []).enumerated() where isStalled(lease, now: now) {
                leases[task]?[place].isGivenUp = lease.isStalled(now: now, after: 10 * times.stallMilliseconds)
                guard !lease.isToldStalled else { continue }
                leases[task]?[place].isToldStalled = true
                let host = workers[lease.worker]?.registration.host ?? ""
                let seconds = (now.milliseconds - lease.movedAt.milliseconds) / 1000
                let reason =
                    "it is heard, but has not got on with it for \(seconds) s; the next idle worker gets it too"
                let notice = Notice.taskStalled(task, with: lease.worker, host: host)
                decisions.append(Decision(.tell(notice, about: task.run), because: reason))
            }
        }
        return decisions
    }

    /// Whether the worker is heard and does not get on with a task.
    package func isStalled(_ worker: WorkerID, now: Instant) -> Bool {
        leases.values.contains { $0.contains { $0.worker == worker && isStalled($0, now: now) } }
    }

    /// Whether an answer to `task` would count.
    package func isOpen(_ task: TaskID) -> Bool {
        guard let run = run(task.run), run.stage == task.stage, run.round == task.round else { return false }
        return run.isOpen(task.index)
    }

    private func isAnswered(_ task: TaskID) -> Bool {
        guard let run = run(task.run), run.stage == task.stage, run.round == task.round else { return false }
        return run.completions[task.index] != nil
    }

    package func tasks(of worker: WorkerID) -> [TaskID] {
        leases.filter { $0.value.contains { $0.worker == worker } }.keys.sorted { $0.description < $1.description }
    }
}

/// Whether what a worker says of a task is heard.
package enum Standing: Hashable, Sendable {
    case good
    /// No worker has this name: the coordinator was restarted, or it never had it.
    case stranger
    case quarantined(reason: String)
    /// Its process was not given the task.
    case unproven
}

extension Cluster {
    /// - Parameter isProven: whether the token that came along was made for this process and the task.
    package func standing(of worker: WorkerID, isProven: (_ process: String) -> Bool) -> Standing {
        guard let known = workers[worker] else { return .stranger }
        if let reason = known.quarantine { return .quarantined(reason: reason) }
        return isProven(known.process) ? .good : .unproven
    }
}

/// A process that gets no more tasks: a durable fact, which holds after a restart and under a new name.
package struct Quarantine: Hashable, Sendable {
    package var process: String
    /// The name that it had.
    package var worker: WorkerID
    package var host: String
    package var reason: String

    package init(process: String, worker: WorkerID, host: String, reason: String) {
        (self.process, self.worker, self.host, self.reason) = (process, worker, host, reason)
    }
}
