import Coordination
import RandomNumbers
import RunProtocol

/// The shell around `Cluster`, as the coordinator's is: it writes in the same order, waits for a mended disk, and deletes
/// what the ledger says.
extension Simulation {
    mutating func start() {
        epoch += 1
        postponed = []
        isPerforming = false
        ledger = BlobLedger()
        var new = Cluster()
        let decisions = new.runSubmitted(run, plan: plan, events: disk.events)
        cluster = new
        ledger.runTakenUp(disk.state)
        disk.keepOnly(ledger.neededBlobs)
        carryOut(decisions)
    }

    private mutating func crash() {
        cluster = nil
        report.coordinatorCrashes += 1
        if happens(faults.powerFailure) {
            var coin = random
            disk.powerFails { coin.next(below: 2) == 0 }
            random = coin
        }
        schedule(.restart(epoch: epoch), in: Int64(random.next(below: 3_000)))
    }

    private enum Outcome {
        case written, failed, killed
    }

    private mutating func write(_ write: Disk.Write) -> Outcome {
        if happens(faults.writeError) { return .failed }
        if happens(faults.crash / 2) {
            crash()
            return .killed
        }
        disk.perform(write)
        if happens(faults.crash / 2) {
            crash()
            return .killed
        }
        return .written
    }

    /// - Returns: whether the blob is there and will stay.
    private mutating func keep(_ blob: Digest) -> Bool {
        write(.name(blob)) == .written && write(.synchronize) == .written
    }

    mutating func carryOut(_ decisions: [Decision]) {
        for (index, decision) in decisions.enumerated() {
            guard cluster != nil else { return }
            guard postponed.isEmpty else {
                postponed += decisions[index...]
                return
            }
            switch decision.action {
            case .record(let event, _):
                switch write(.event(event)) {
                case .killed: return
                case .failed:
                    postponed = Array(decisions[index...])
                    return
                case .written: if event.endsNeeds { deleteUnneeded() }
                }
            case .perform(let step, _): schedule(.stepDone(step, epoch: epoch), in: Int64(random.next(below: 500)))
            case .tell(let text, _): if text.contains("gets no more tasks") { report.quarantined += 1 }
            case .wakeWaitingSlots: continue
            }
        }
    }

    /// Each second: what could not be written is tried again, or time passes.
    mutating func goOnWriting() {
        guard !postponed.isEmpty else {
            carryOut(cluster?.timePassed(now: Instant(milliseconds: now)) ?? [])
            return sweep()
        }
        let decisions = postponed
        postponed = []
        carryOut(decisions)
    }

    private mutating func deleteUnneeded() {
        guard let state = cluster?.run(run) else { return }
        ledger.needsEnded(of: state)
        sweep()
    }

    private mutating func sweep() {
        guard !isPerforming, let state = cluster?.run(run) else { return }
        for blob in ledger.sweep(runs: [state]).sorted(by: { $0.hex < $1.hex }) {
            switch write(.delete(blob)) {
            case .killed: return
            case .failed: continue
            case .written: ledger.blobsDeleted([blob])
            }
        }
    }

    mutating func stepDone(_ step: RunState.Step, _ epoch: Int) {
        guard epoch == self.epoch, let state = cluster?.run(run), !state.phase.isFinal else { return }
        guard postponed.isEmpty else { return schedule(.stepDone(step, epoch: epoch), in: 1_000) }
        let event = Example.outcome(of: step, state)
        isPerforming = true
        for blob in event.namedBlobs where !keep(blob) {
            // Killed, or to be done again.
            if cluster != nil { schedule(.stepDone(step, epoch: epoch), in: 1_000) }
            return
        }
        isPerforming = false
        ledger.blobsAppeared(event.namedBlobs, for: run)
        carryOut(cluster?.stepFinished(event, of: run) ?? [])
    }

    mutating func arrives(_ request: Request, from worker: Int, _ life: Int) {
        let instant = Instant(milliseconds: now)
        // While nothing can be written, only heartbeats are answered.
        guard cluster != nil, postponed.isEmpty || request.isHeartbeat else { return }
        switch request {
        case .register:
            names += 1
            guard let name = WorkerID(rawValue: "w\(worker)-\(names)") else { return }
            cluster?.workerRegistered(name, Example.registration(processID: 1_000 * worker + life), now: instant)
            answer(.welcome(name), worker, life)
        case .lease(let name):
            guard let known = cluster?.workers[name] else { return answer(.stranger, worker, life) }
            guard known.quarantine == nil else { return answer(.quarantined, worker, life) }
            answer(.task(cluster?.leaseRequested(by: name, now: instant)?.task), worker, life)
        case .heartbeat(let name, let tasks):
            guard cluster?.workers[name] != nil else { return answer(.stranger, worker, life) }
            answer(.abandon(cluster?.heartbeatReceived(from: name, tasks: tasks, now: instant) ?? []), worker, life)
        case .deliver(let name, let task, .some(let completion)): deliver(task, name, completion, worker, life)
        case .deliver(let name, let task, .none):
            carryOut(cluster?.updateRefused(task.id, from: name, reason: "it is not finite") ?? [])
            if cluster != nil, postponed.isEmpty { answer(.receipt(task.id, nil), worker, life) }
        }
    }

    /// As in the coordinator: first the blob, then the fact, then the answer.
    private mutating func deliver(
        _ task: TaskDescription, _ name: WorkerID, _ completion: TaskCompletion, _ worker: Int, _ life: Int
    ) {
        if cluster?.isOpen(task.id) == true {
            guard plan.verify == nil || cluster?.workers[name] != nil else { return answer(.stranger, worker, life) }
            // Before it is tried: where only the last step fails, the blob is there.
            ledger.blobsAppeared([completion.update], for: run)
            guard keep(completion.update) else { return }
        }
        let instant = Instant(milliseconds: now)
        guard let (verdict, decisions) = cluster?.updateReceived(completion, from: name, now: instant) else { return }
        if verdict != .accepted { report.superfluousAnswers += 1 }
        carryOut(decisions)
        if cluster != nil, postponed.isEmpty { answer(.receipt(task.id, verdict), worker, life) }
    }

    private mutating func answer(_ answer: Answer, _ worker: Int, _ life: Int) {
        guard !happens(faults.drop) else { return }
        schedule(.answered(answer, worker: worker, life: life), in: delay)
    }
}

extension Request {
    fileprivate var isHeartbeat: Bool { if case .heartbeat = self { true } else { false } }
}
