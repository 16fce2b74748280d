import Coordination
import RandomNumbers
import RunProtocol

/// The shell around `Cluster`, as the coordinator's is: it writes in the same order, waits for a mended disk, and deletes
/// what the ledger says.
extension Simulation {
    mutating func start() {
        epoch += 1
        storage = StoragePause()
        performing = []
        ledger = BlobLedger()
        var new = Cluster(compiler: scenario.compiler, quarantines: disk.quarantines)
        let decisions = plans.indices.flatMap { index in
            new.runSubmitted(plans[index].run, plan: plans[index].plan, events: disk.events[index])
        }
        cluster = new
        disk.states.forEach { ledger.runTakenUp($0) }
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

    private enum Outcome { case written, failed, killed }

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
    private mutating func keep(_ blob: Digest) -> Bool { isWritten(.name(blob)) && isWritten(.synchronize) }

    /// - Parameter decision: what waits with all that follows where it cannot be written.
    private mutating func isWritten(_ write: Disk.Write, for decision: Decision? = nil) -> Bool {
        let outcome = self.write(write)
        if outcome == .failed, storage.writeFailed(because: "the disk is full", in: decision) { report.pauses += 1 }
        return outcome == .written
    }

    mutating func carryOut(_ decisions: [Decision]) {
        // Judged by how things stand now: it may be written down much later.
        for decision in decisions {
            if case .record(.failed(let reason, let cause), let run) = decision.action { runFails(run, cause, reason) }
        }
        storage.decided(decisions)
        while cluster != nil, let action = storage.nextAction() {
            switch action {
            case .carryOut(let decision): carryOut(decision)
            case .tellResumed: continue
            case .perform(let pending): begin(pending)
            }
        }
    }

    private mutating func carryOut(_ decision: Decision) {
        switch decision.action {
        case .record(let event, let run):
            guard isWritten(.event(event, of: run), for: decision) else { return }
            storage.factWritten()
            if event.endsNeeds { deleteUnneeded(of: run) }
        case .quarantine(let quarantine):
            isQuarantined(quarantine)
            guard isWritten(.quarantine(quarantine), for: decision) else { return }
            banned.insert(quarantine.process)
            report.quarantined += 1
        case .perform(let step, let run): begin(StoragePause.PendingStep(step, of: run))
        case .wakeWaitingSlots, .tell: return
        }
    }

    private mutating func begin(_ pending: StoragePause.PendingStep) {
        schedule(.stepDone(pending, epoch: epoch), in: Int64(random.next(below: 500)))
    }

    /// Each second: time passes, or it is seen whether what could not be written can be.
    mutating func goOnWriting() {
        guard !storage.isWriting else {
            carryOut(cluster?.timePassed(now: Instant(milliseconds: now)) ?? [])
            return sweep()
        }
        guard cluster != nil, storage.secondPassed() else { return }
        storage.storageMended()
        carryOut([])
    }

    private mutating func deleteUnneeded(of run: RunID) {
        guard let state = cluster?.run(run) else { return }
        ledger.needsEnded(of: state)
        sweep()
    }

    private mutating func sweep() {
        guard performing.isEmpty, let runs = cluster?.runs else { return }
        for blob in ledger.sweep(runs: runs).sorted(by: { $0.hex < $1.hex }) {
            switch write(.delete(blob)) {
            case .killed: return
            case .failed: continue
            case .written: ledger.blobsDeleted([blob])
            }
        }
    }

    mutating func stepDone(_ pending: StoragePause.PendingStep, _ epoch: Int) {
        let run = pending.run
        guard epoch == self.epoch, let state = cluster?.run(run), !state.phase.isFinal else { return }
        guard storage.isWriting else { return storage.stepPostponed(pending) }
        let event = Example.outcome(of: pending.step, state, scenario.manifest)
        performing.insert(run)
        // Done again with the same outcome, if the coordinator was not killed.
        for blob in event.namedBlobs where !keep(blob) { return storage.stepPostponed(pending) }
        performing.remove(run)
        ledger.blobsAppeared(event.namedBlobs, for: run)
        carryOut(cluster?.stepFinished(event, of: run) ?? [])
    }

    func registration(of worker: Int, _ life: Int) -> WorkerRegistration {
        Example.registration(host: "host-\(worker)", processID: life)
    }

    mutating func arrives(_ request: Request, from worker: Int, _ life: Int) {
        let instant = Instant(milliseconds: now)
        // While nothing can be written, only heartbeats are answered.
        guard cluster != nil, storage.isWriting || request.isHeartbeat else { return }
        switch request {
        case .register:
            // A process has one name, however often it registers.
            guard let name = WorkerID(rawValue: "w\(worker)-\(life)") else { return }
            let registration = registration(of: worker, life)
            cluster?.workerRegistered(name, registration, now: instant)
            answer(.welcome(name), worker, life)
        case .lease(let name):
            guard let known = cluster?.workers[name] else { return answer(.stranger, worker, life) }
            guard known.quarantine == nil else { return answer(.quarantined, worker, life) }
            let task = cluster?.leaseRequested(by: name, now: instant)?.task
            answer(.task(task, task.map { .given($0.id, process: known.process) } ?? .none), worker, life)
        case .heartbeat(let name, let tasks, let token, let trouble):
            guard cluster?.workers[name] != nil else { return answer(.stranger, worker, life) }
            let proven = tasks.filter { standing(name, $0.task, token) == .good }
            let ended =
                cluster?.heartbeatReceived(from: name, tasks: proven, trouble: trouble, now: instant).abandon ?? []
            let kept = Set(proven.map(\.task)).subtracting(ended)
            answer(.abandon(tasks.map(\.task).filter { !kept.contains($0) }), worker, life)
        case .leave(let name): carryOut(cluster?.workerLeft(name) ?? [])
        case .release(let name, let task, let reason, let token):
            guard isHeard(name, task, token, worker, life) else { return }
            carryOut(cluster?.taskReleased(task, by: name, reason) ?? [])
            if cluster != nil, storage.isWriting { answer(.receipt(task), worker, life) }
        case .deliver(let name, let task, let completion, let token):
            guard isHeard(name, task.id, token, worker, life) else { return }
            guard let completion else {
                carryOut(cluster?.updateRefused(task.id, from: name, reason: "it is cut off") ?? [])
                if cluster != nil, storage.isWriting { answer(.receipt(task.id), worker, life) }
                return
            }
            deliver(task, name, completion, worker, life)
        }
    }

    private func standing(_ name: WorkerID, _ task: TaskID, _ token: Token) -> Standing {
        cluster?.standing(of: name) { token.proves(task, $0) } ?? .stranger
    }

    private mutating func isHeard(
        _ name: WorkerID, _ task: TaskID, _ token: Token, _ worker: Int, _ life: Int
    ) -> Bool {
        switch standing(name, task, token) {
        case .good: return true
        case .stranger: answer(.stranger, worker, life)
        case .quarantined: answer(.quarantined, worker, life)
        case .unproven: answer(.receipt(task), worker, life)
        }
        return false
    }

    /// A message that nobody has sent whose name it bears: it must claim nothing and count for nothing.
    mutating func forged(_ request: Request) {
        report.forgeries += 1
        switch request {
        case .register, .lease, .leave: return
        case .heartbeat(let name, let tasks, let token, _):
            for task in tasks where standing(name, task.task, token) == .good { isForgeryHeard(name) }
        case .release(let name, let task, _, let token):
            if standing(name, task, token) == .good { isForgeryHeard(name) }
        case .deliver(let name, let task, _, let token):
            if standing(name, task.id, token) == .good { isForgeryHeard(name) }
        }
    }

    private mutating func isForgeryHeard(_ name: WorkerID) {
        violation = Violation(description: "a message was heard that only bears \(name)'s name")
    }

    /// As in the coordinator: first the blob, then the fact, then the answer.
    private mutating func deliver(
        _ task: TaskDescription, _ name: WorkerID, _ completion: TaskCompletion, _ worker: Int, _ life: Int
    ) {
        if cluster?.isOpen(task.id) == true {
            // Before it is tried: where only the last step fails, the blob is there.
            ledger.blobsAppeared([completion.update], for: task.id.run)
            guard keep(completion.update) else { return }
        }
        let instant = Instant(milliseconds: now)
        guard let (verdict, decisions) = cluster?.updateReceived(completion, from: name, now: instant) else { return }
        if verdict != .accepted {
            report.superfluousAnswers += 1
        } else if banned.contains(registration(of: worker, life).process) {
            violation = Violation(description: "a result of the quarantined \(name) counts")
        }
        carryOut(decisions)
        if cluster != nil, storage.isWriting { answer(.receipt(task.id), worker, life) }
    }

    private mutating func answer(_ answer: Answer, _ worker: Int, _ life: Int) {
        guard !happens(faults.drop) else { return }
        schedule(.answered(answer, worker: worker, life: life), in: delay)
    }
}

extension Request { fileprivate var isHeartbeat: Bool { if case .heartbeat = self { true } else { false } } }
