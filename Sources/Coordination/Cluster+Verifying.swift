import RunProtocol

/// Tasks that two workers must agree about, bit by bit.
extension Cluster {
    /// An answer to such a task: it counts when another worker has come to the same. A worker that came to something else is
    /// quarantined then.
    mutating func compare(_ completion: TaskCompletion, from worker: WorkerID, in run: RunState) -> [Decision] {
        let task = completion.task
        let others = run.witnesses[task.index] ?? []
        guard let known = workers[worker], !others.contains(where: { $0.process == known.process }) else { return [] }
        let registration = known.registration
        guard let agreed = others.first(where: { $0.completion.bits == completion.bits }) else {
            return witness(
                Witness(
                    completion: completion, worker: worker, process: known.process,
                    instructionSet: registration.instructionSet), others)
        }
        var decisions: [Decision] = []
        let sets = [agreed.instructionSet, registration.instructionSet]
        for odd in others where odd.completion.bits != completion.bits && sets.contains(odd.instructionSet) {
            let reason = "\(agreed.worker) and \(worker) came to something else for \(task)"
            let attempt = FailedAttempt(task: task, worker: odd.worker, reason: reason, process: odd.process)
            decisions += record(.answerContradicted(attempt), of: run.id, because: reason)
            decisions += quarantine(odd.worker, odd.process, because: reason)
        }
        let reason = "\(agreed.worker) and \(worker) came to the same"
        decisions += divergencesContradicted(by: worker, task)
        return decisions + record(.taskFinished(agreed.completion), of: run.id, because: reason) + advance(run.id)
    }

    private mutating func witness(_ witness: Witness, _ others: [Witness]) -> [Decision] {
        let task = witness.completion.task
        let names = others.map(\.worker.rawValue).joined(separator: ", ")
        let reason =
            others.isEmpty
            ? "another worker must come to the same" : "\(witness.worker) came to something else than \(names)"
        var decisions = record(.answerWitnessed(witness), of: task.run, because: reason)
        if isHopeless(others + [witness]) {
            let reason =
                "no two of \(others.count + 1) workers agree about \(task): \(names) and \(witness.worker); their"
                + " processors, programs or memories differ"
            decisions += record(.failed(reason: reason, cause: .workersDisagree), of: task.run, because: reason)
        }
        return decisions + [Decision(.wakeWaitingSlots, because: "\(task) must be done by another worker")]
    }

    /// Whether no worker is expected to agree with one of them any more: there are many, and every worker that could do
    /// the task is among them; or there are too many, since a broken host that is started again and again comes to
    /// something else each time.
    private func isHopeless(_ witnesses: [Witness]) -> Bool {
        guard witnesses.count >= Limits.witnesses, let task = witnesses.first?.completion.task, let run = run(task.run)
        else { return false }
        let processes = Set(witnesses.map(\.process))
        let isAwaited = able(task.index, of: run).values.contains { !processes.contains($0.process) }
        return !isAwaited || witnesses.count >= Limits.mostWitnesses
    }

    /// Whether the worker's answer would say something that is not known yet.
    func mayWitness(_ worker: WorkerID, _ index: Int, of run: RunState) -> Bool {
        guard run.isVerified(index), let process = workers[worker]?.process else { return true }
        let known = (run.witnesses[index] ?? []).map(\.process)
        let working = (leases[run.taskID(index)] ?? []).compactMap { workers[$0.worker]?.process }
        return !known.contains(process) && !working.contains(process)
    }

    /// Whether it computes as those do whose answers wait: another processor may come to other bits.
    func isComparable(_ worker: WorkerID, _ index: Int, of run: RunState) -> Bool {
        let instructionSet = workers[worker]?.registration.instructionSet
        return (run.witnesses[index] ?? []).allSatisfy { $0.instructionSet == instructionSet }
    }

    /// The lowest task that one worker is doing and another must do as well.
    func taskToVerify(of run: RunState, for worker: WorkerID) -> Int? {
        run.openTasks.first { index in
            guard run.isVerified(index), run.witnesses[index] == nil, let claims = leases[run.taskID(index)],
                claims.count == 1, let other = workers[claims[0].worker]?.registration
            else { return false }
            return other.instructionSet == workers[worker]?.registration.instructionSet
                && mayWitness(worker, index, of: run)
        }
    }

    /// Whether the run takes answers from workers of this kind.
    func suits(_ worker: Worker, _ run: RunState) -> Bool {
        run.plan.instructionSet.map { $0.rawValue == worker.registration.instructionSet } ?? true
    }

    // MARK: What people are told

    /// Why nobody works on the run, where that is so.
    package func reasonToWait(_ run: RunState, now: Instant) -> String? {
        guard run.phase == .running, run.hasOpenTasks, let first = run.openTasks.first else { return nil }
        let claims = leases.filter { $0.key.run == run.id }.values.joined()
        guard claims.isEmpty else {
            // A claim lasts longer than its worker is heard.
            guard claims.allSatisfy({ isSilent($0.worker, now: now) }) else { return nil }
            return "it waits for workers: nothing is heard of those that have its tasks"
        }
        let useful = workers.sorted { $0.key.rawValue < $1.key.rawValue }.filter { $0.value.quarantine == nil }
        guard useful.contains(where: { !isSilent($0.key, now: now) }) else {
            let quarantine = workers.max { $0.key.rawValue < $1.key.rawValue }?.value.quarantine
            let silent =
                useful.isEmpty
                ? nil : "nothing is heard of \(useful.count == 1 ? "the last one" : "any of \(useful.count)")"
            let why = silent ?? quarantine.map { "the last one is quarantined, because \($0)" }
            return "it waits for workers" + (why.map { ": \($0)" } ?? "")
        }
        guard useful.contains(where: { suits($0.value, run) }) else {
            let wanted = run.plan.instructionSet?.rawValue ?? ""
            return "it waits for workers that compute with \(wanted): start them with --instruction-set \(wanted)"
        }
        if let shortage = reasonOfMemory(run) { return shortage }
        guard let witness = run.witnesses[first]?.first,
            useful.allSatisfy({ !mayWitness($0.key, first, of: run) })
        else { return nil }
        return "it waits for another worker, to compare the answers of \(witness.worker)"
    }
}
