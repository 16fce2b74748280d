package import RunProtocol

/// Tasks that workers give back, and when that ends a run: a task that fails everywhere is to blame itself, one that fails
/// with a single worker is not.
extension Cluster {
    /// A worker gave a task back; with a reason if something went wrong with it. It is heard once, and only from one that
    /// has the task: a message that was sent twice is one failure.
    package mutating func taskReleased(
        _ task: TaskID, by worker: WorkerID, _ reason: TaskRelease.Reason?
    ) -> [Decision] {
        guard let process = workers[worker]?.process else { return [] }
        if isOpen(task) { givenBack[task, default: []].insert(worker) }
        guard endLease(of: task, by: worker) else { return [] }
        switch reason {
        case nil, .damagedInput: return [Decision(.wakeWaitingSlots, because: "\(worker) gave \(task) back")]
        case .failed(let text):
            return attemptFailed(FailedAttempt(task: task, worker: worker, reason: text, process: process))
        case .diverged(let divergence):
            return attemptFailed(
                FailedAttempt(
                    task: task, worker: worker, reason: "\(divergence.what) is \(divergence.value)",
                    process: process, divergence: divergence))
        case .needsMemory(let needed, let available):
            return lacksMemory(worker, task, MemoryShortages.Shortage(needed: needed, available: available))
        }
    }

    private mutating func attemptFailed(_ attempt: FailedAttempt) -> [Decision] {
        let id = attempt.task.run
        let decisions = record(.attemptFailed(attempt), of: id, because: attempt.reason)
        if let (reason, cause) = reasonToFail(after: attempt) {
            return decisions + record(.failed(reason: reason, cause: cause), of: id, because: reason)
        }
        return decisions + [Decision(.wakeWaitingSlots, because: "\(attempt.task) must be done again")]
    }

    /// Why a task's attempts end its run; nil where others should try it, or the same worker again.
    private func reasonToFail(after attempt: FailedAttempt) -> (reason: String, cause: RunFailure)? {
        let index = attempt.task.index
        guard let run = run(attempt.task.run), let failures = run.failures[index] else { return nil }
        let diverged = failures.filter { $0.divergence != nil }
        let processes = speakers(for: diverged, index, of: run)
        if let divergence = attempt.divergence, processes > 0,
            diverged.count >= (processes > 1 ? processes : Limits.loneDivergences)
        {
            let reason = run.explain(divergence, attempt.task, attempts: diverged.count, processes: processes)
            return (reason, .diverged)
        }
        guard failures.count >= Limits.taskAttempts, speakers(for: failures, index, of: run) > 0 else { return nil }
        let times = failures.count
        return ("task \(attempt.task) failed \(times) times, the last time because: \(attempt.reason)", .taskFailed)
    }

    /// How many live processes have tried the task and say that it fails: 0 unless they are two on two hosts, or as many
    /// as there are.
    private func speakers(for attempts: [FailedAttempt], _ index: Int, of run: RunState) -> Int {
        // Whose results were refused has nothing to say of the task, however often it is started again; but it may try a
        // few times more.
        let isLate = attempts.count >= Limits.taskAttempts
        let tried = isLate ? run.attempts[index] ?? [] : []
        let able = able(index, of: run).filter { able in
            let isIt = { (attempt: FailedAttempt) in attempt.isBy(able.key, able.value.process) }
            return !tried.contains(where: isIt) || attempts.contains(where: isIt)
        }
        let speaking = able.filter { able in attempts.contains { $0.isBy(able.key, able.value.process) } }
        func count(_ of: (Worker) -> String) -> (speaking: Int, able: Int) {
            (Set(speaking.values.map(of)).count, Set(able.values.map(of)).count)
        }
        let (hosts, processes) = (count(\.registration.host), count(\.process))
        let isEnough = hosts.speaking >= min(2, hosts.able) && processes.speaking >= min(2, processes.able)
        return isEnough ? processes.speaking : 0
    }

    /// The workers that could do the task: none that has been stalled for long, and where there are others, not those whose word has
    /// turned out wrong.
    func able(_ index: Int, of run: RunState) -> [WorkerID: Worker] {
        let kind = kind(of: index, in: run)
        let stalled = unavailable.union(leases.values.joined().filter(\.isGivenUp).map(\.worker))
        let able = workers.filter { name, worker in
            worker.quarantine == nil && !stalled.contains(name) && suits(worker, run)
                && shortages.of(worker.process, kind) == nil
        }
        let trusted = able.filter { !isMistrusted($0.value) }
        return trusted.isEmpty ? able : trusted
    }

    private func isMistrusted(_ worker: Worker) -> Bool {
        contradicted[worker.process] ?? 0 >= Limits.contradictedDivergences
    }

    /// Whether the worker should not have the task: it takes more memory than it has, or others should try it first, since
    /// it came to nothing with this one, or this one's word has turned out wrong.
    func shuns(_ worker: WorkerID, _ index: Int, of run: RunState) -> Bool {
        guard let known = workers[worker] else { return true }
        if !shortages.isEmpty, shortages.of(known.process, kind(of: index, in: run)) != nil { return true }
        let failed = run.attempts[index] ?? []
        let isMistrusted = isMistrusted(known)
        guard isMistrusted || failed.contains(where: { $0.isBy(worker, known.process) }) else { return false }
        return able(index, of: run).contains { other in
            other.key != worker && !failed.contains { $0.isBy(other.key, other.value.process) }
                && other.value.process != known.process
        }
    }

    /// A task has been done that others gave back as diverged: those are found.
    mutating func divergencesContradicted(by worker: WorkerID, _ task: TaskID) -> [Decision] {
        let diverged = run(task.run)?.failures[task.index]?.filter { $0.divergence != nil } ?? []
        var decisions: [Decision] = []
        for process in Set(diverged.compactMap(\.process)).sorted() where process != workers[worker]?.process {
            contradicted[process, default: 0] += 1
            guard contradicted[process] == Limits.contradictedDivergences,
                let found = workers.first(where: { $0.value.process == process })
            else { continue }
            let notice = Notice.workerMistrusted(found.key, host: found.value.registration.host)
            let reason =
                "\(Limits.contradictedDivergences) tasks that it gave back as diverged were done by others: look at that"
                + " host's memory and program"
            decisions.append(Decision(.tell(notice, about: nil), because: reason))
        }
        return decisions
    }

    // MARK: Memory

    private mutating func lacksMemory(
        _ worker: WorkerID, _ task: TaskID, _ shortage: MemoryShortages.Shortage
    ) -> [Decision] {
        guard let known = workers[worker], let run = run(task.run) else { return [] }
        shortages.add(shortage, of: known.process, kind(of: task.index, in: run))
        let notice = Notice.workerLacksMemory(worker, host: known.registration.host, task)
        let reason = "it needs \(shortage.needed.asMemory) and has \(shortage.available.asMemory) here"
        var decisions = [Decision(.tell(notice, about: run.id), because: reason)]
        if let reason = reasonOfMemory(run) {
            decisions.append(Decision(.tell(.runWaitsForMemory, about: run.id), because: reason))
        }
        return decisions + [Decision(.wakeWaitingSlots, because: "\(task) must be done by another worker")]
    }

    /// Of the lowest open task that no worker has the memory for: what it needs and what there is.
    func reasonOfMemory(_ run: RunState) -> String? {
        guard !shortages.isEmpty else { return nil }
        let useful = workers.filter { $0.value.quarantine == nil && suits($0.value, run) }
        for index in run.openTasks where leases[run.taskID(index)] == nil {
            let kind = kind(of: index, in: run)
            let short = useful.compactMap { worker in
                shortages.of(worker.value.process, kind).map { (worker, $0) }
            }
            guard short.count == useful.count,
                let most = short.max(by: {
                    ($0.1.available, $1.0.key.rawValue) < ($1.1.available, $0.0.key.rawValue)
                })
            else { continue }
            let ((name, worker), shortage) = most
            return "task \(run.taskID(index)) needs \(shortage.needed.asMemory); \(name) on"
                + " \(worker.registration.host) has \(shortage.available.asMemory)"
        }
        return nil
    }
}

/// Which worker processes have not the memory for which tasks. It is not durable: who is asked again says so again.
struct MemoryShortages: Sendable {
    /// In bytes.
    struct Shortage: Hashable {
        let needed: Int
        let available: Int
    }

    private var known: [TaskDurations.Kind: [String: Shortage]] = [:]

    var isEmpty: Bool { known.isEmpty }

    mutating func add(_ shortage: Shortage, of process: String, _ kind: TaskDurations.Kind) {
        known[kind, default: [:]][process] = shortage
    }

    func of(_ process: String, _ kind: TaskDurations.Kind) -> Shortage? { known[kind]?[process] }

    mutating func forget(_ process: String) {
        for kind in known.keys { known[kind]?[process] = nil }
        known = known.filter { !$0.value.isEmpty }
    }

    mutating func forget(_ run: RunID) { if !known.isEmpty { known = known.filter { $0.key.run != run } } }
}

extension RunState {
    /// What diverged and where, whose numbers are the largest, and what to do.
    fileprivate func explain(_ divergence: Divergence, _ task: TaskID, attempts: Int, processes: Int) -> String {
        let place = describeTask(task.index)?.title ?? "stage \(stage + 1)"
        let who = processes > 1 ? "\(processes) workers" : "a single worker"
        var text =
            "the training of \(place) has diverged: \(divergence.what) is \(divergence.value), in \(attempts) attempts of \(who)"
        if let feature = divergence.feature {
            text += "; the largest numbers are in \(name(ofFeature: feature))"
            if let magnitude = divergence.magnitude { text += ", up to \(magnitude)" }
        }
        let remedy = "bring the data to about 0..1 (divide_by, or standardise its columns), or lower learning_rate"
        return "\(text); \(remedy)"
    }

    private func name(ofFeature index: Int) -> String {
        if let columns = compiled?.columns, columns.indices.contains(index) { return "column \"\(columns[index])\"" }
        return "feature \(index + 1)"
    }
}
