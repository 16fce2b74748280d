import Coordination
import DataFormats
import FoundationEssentials
import Logging
import PrintableText
package import RunProtocol
import RunStore
import UpdateFiles

extension Coordinator {
    package func register(_ registration: WorkerRegistration) throws -> WorkerWelcome {
        try checkWorking()
        guard registration.protocolVersion == ProtocolVersion.current else {
            throw APIError(
                .incompatibleVersion,
                "the worker speaks protocol \(registration.protocolVersion), this coordinator"
                    + " \(ProtocolVersion.current)", hint: "install the same version of cairn on both hosts")
        }
        guard Limits.nonce.contains(registration.nonce.utf8.count) else {
            throw APIError(.badRequest, "a worker's nonce has \(Limits.nonce) characters", hint: "draw it at random")
        }
        guard (1...Limits.slots).contains(registration.slots), registration.texts.allSatisfy(\.isShortLine) else {
            throw APIError(
                .badRequest, "a worker has 1 to \(Limits.slots) slots, and names of at most 256 bytes on one line")
        }
        // Of the process, so that it has the same one when it registers again, also with a coordinator that was restarted.
        guard let worker = WorkerID(rawValue: "worker-\(registration.process.prefix(16))") else {
            throw APIError(.internal, "no name could be made for the worker")
        }
        guard cluster.workers[worker] != nil || cluster.makeRoomForWorker() else {
            throw APIError(
                .tooManyRequests, "there are \(Limits.workers) workers already", hint: "the silent ones leave soon")
        }
        guard cluster.workers[worker].map({ $0.process == registration.process }) ?? true else {
            throw APIError(.conflict, "another process has the name \(worker)", hint: "start this worker again")
        }
        cluster.workerRegistered(worker, registration, now: now)
        crew.joined(worker, registration, at: Date().timeIntervalSince1970)
        logger.info(
            "\(worker) joined from \(registration.host) with \(registration.slots.counted("slot"))",
            metadata: .about(worker))
        return WorkerWelcome(worker: worker, heartbeatSeconds: Double(cluster.times.heartbeatMilliseconds) / 1_000)
    }

    package func leave(_ worker: WorkerID, _ leave: WorkerLeave) throws {
        let known = try known(worker, nonce: leave.nonce)
        let decisions = cluster.workerLeft(worker)
        noteLeft(worker, known)
        waiting.sendAway(allOf: worker)
        carryOut(decisions)
    }

    /// It waits beside the actor: a task that is offered goes out without waiting for its turn there again.
    package nonisolated func lease(_ request: LeaseRequest) async throws -> TaskLease? {
        let deadline = Self.deadline(request.waitSeconds)
        while true {
            let (slots, offers): (Int, Int)
            switch try await answerAtOnce(request) {
            case .lease(let lease): return lease
            case .nothing: return nil
            case .wait(let count, let seen): (slots, offers) = (count, seen)
            }
            guard .now < deadline else { return nil }
            switch await taskOffered(to: request.worker, slots: slots, after: offers, until: deadline) {
            case .lookAgain: continue
            case .replaced: return nil
            case .lease(let lease):
                guard Task.isCancelled else { return lease }
                await takeBack(lease, from: request.worker)
                return nil
            }
        }
    }

    private enum Answer {
        case lease(TaskLease)
        case nothing
        /// For a task, as one of at most so many requests of the worker, after so many offers.
        case wait(slots: Int, offers: Int)
    }

    private func answerAtOnce(_ request: LeaseRequest) throws -> Answer {
        try checkWorking()
        let worker = try known(request.worker, nonce: request.nonce)
        if let reason = worker.quarantine { throw quarantined(request.worker, reason) }
        guard mayWait else { return .nothing }
        return grant(to: request.worker).map { .lease($0) } ?? .wait(slots: worker.registration.slots, offers: offers)
    }

    /// Nobody would hear of it.
    private func takeBack(_ lease: TaskLease, from worker: WorkerID) {
        noteEnd(of: lease.task.id, with: worker, .released, because: "its request was given up")
        carryOut(cluster.taskReleased(lease.task.id, by: worker, nil))
    }

    private func grant(to name: WorkerID) -> TaskLease? {
        guard let worker = cluster.workers[name], let grant = cluster.leaseRequested(by: name, now: now) else {
            return nil
        }
        let task = grant.task
        logger.debug("\(name) has \(task.id): \(grant.reason)", metadata: .about(task.id, name))
        note(.taskLeased(task.id, to: name), because: grant.reason, about: task.id.run)
        noteLease(of: task.id, by: name)
        return TaskLease(
            task: task, token: store.leaseKey.token(task.id, name, process: worker.process),
            leaseSeconds: Double(cluster.times.leaseMilliseconds) / 1000)
    }

    /// Waits until there is a task for the worker, until the deadline, or until the request is given up.
    @concurrent private nonisolated func taskOffered(
        to worker: WorkerID, slots: Int, after offers: Int, until deadline: ContinuousClock.Instant
    ) async -> WaitingRequests.Outcome {
        let place = WaitingRequests.Place()
        let timer = Task {
            try? await Task.sleep(until: deadline)
            await self.giveUp(place)
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                Task { await self.wait(at: place, for: worker, atMost: slots, after: offers, continuation) }
            }
        } onCancel: {
            Task { await self.giveUp(place) }
        }
    }

    private func wait(
        at place: WaitingRequests.Place, for worker: WorkerID, atMost slots: Int, after seen: Int,
        _ continuation: CheckedContinuation<WaitingRequests.Outcome, Never>
    ) {
        // A task may have been offered, or the request given up, since it was looked.
        guard !place.isGivenUp, !isStopping, storage.isWriting, offers == seen else {
            return continuation.resume(returning: place.isGivenUp ? .replaced : .lookAgain)
        }
        waiting.add(worker, atMost: slots, at: place, continuation)
    }

    private func giveUp(_ place: WaitingRequests.Place) {
        place.giveUp()
        waiting.sendAway(place)
    }

    /// Those that wait first get what there is.
    func offerTasks() {
        offers += 1
        guard storage.isWriting, !waiting.isEmpty else { return }
        waiting.offer({ cluster.offer(now: now) }, grant)
    }

    package func heartbeat(_ heartbeat: Heartbeat) throws -> HeartbeatReply {
        let worker = try known(heartbeat.worker, nonce: heartbeat.nonce)
        guard heartbeat.tasks.count <= worker.registration.slots else {
            throw APIError(
                .badRequest,
                "\(heartbeat.worker) has \(worker.registration.slots) slots and speaks of \(heartbeat.tasks.count) tasks"
            )
        }
        // What is not proven claims nothing: the worker is told to stop it.
        let proven = heartbeat.tasks.filter { progress in
            isProven(progress.task, TaskClaim(worker: heartbeat.worker, token: progress.token))
        }
        let trouble = heartbeat.trouble?.printable(atMost: Limits.troubleCharacters)
        let heard = cluster.heartbeatReceived(
            from: heartbeat.worker, tasks: proven, trouble: trouble, now: now)
        carryOut(heard.decisions)
        let kept = Set(proven.map(\.task)).subtracting(heard.abandon)
        let abandon = heartbeat.tasks.map(\.task).filter { !kept.contains($0) }
        noteProgress(of: heartbeat, abandoned: abandon)
        return HeartbeatReply(abandon: abandon)
    }

    /// The worker of this name, where it is the one that registered under it.
    private func known(_ worker: WorkerID, nonce: String) throws(APIError) -> Cluster.Worker {
        guard let known = cluster.workers[worker], known.registration.nonce == nonce else { throw stranger(worker) }
        return known
    }

    private func isProven(_ task: TaskID, _ claim: TaskClaim) -> Bool {
        cluster.standing(of: claim.worker) { store.leaseKey.proves(claim.token, task, process: $0) } == .good
    }

    /// - Throws: unless what the worker says of the task may be heard.
    private func check(_ claim: TaskClaim, _ task: TaskID) throws(APIError) {
        switch cluster.standing(of: claim.worker, isProven: { store.leaseKey.proves(claim.token, task, process: $0) }) {
        case .good: return
        case .stranger: throw stranger(claim.worker)
        case .quarantined(let reason): throw quarantined(claim.worker, reason)
        case .unproven:
            throw APIError(
                .unproven, "the token does not say that \(claim.worker) was given \(task)",
                hint: "send the token that came with the task; a coordinator with another state folder has another key")
        }
    }

    private func quarantined(_ worker: WorkerID, _ reason: String) -> APIError {
        APIError(
            .quarantined, "\(worker) gets no more tasks: \(reason)",
            hint: "look at that host's memory, disk and program; a worker that is started again is taken for a new one")
    }

    package func release(_ task: TaskID, _ release: TaskRelease) async throws {
        try checkWorking()
        let worker = release.claim.worker
        try check(release.claim, task)
        guard let run = cluster.run(task.run) else { throw unknown(task.run) }
        let isFault = if case .failed = release.reason { true } else { release.reason == .damagedInput }
        if isFault, let description = run.openTask(task), cluster.tasks(of: worker).contains(task),
            await findsDamage(of: description)
        {
            noteEnd(of: task, with: worker, .released, because: "what it needs is damaged")
            return carryOut(cluster.taskReleased(task, by: worker, nil))
        }
        let reason = release.reason?.printable
        if let text = reason?.text {
            logger.warning("\(worker) could not do \(task): \(text)", metadata: .about(task, worker))
        }
        noteEnd(of: task, with: worker, reason?.isFailure == true ? .failed : .released, because: reason?.text)
        carryOut(cluster.taskReleased(task, by: worker, reason))
    }

    package func updateLimit(of task: TaskID, by claim: TaskClaim) throws -> Int {
        try check(claim, task)
        guard let run = cluster.run(task.run) else { throw unknown(task.run) }
        noteSending(of: task, by: claim.worker)
        // A task that is over may still be answered: the answer is read and put aside.
        let expected = run.openTask(task)?.elementCount ?? run.largestElementCount
        return UpdateFormat.largestSize(elementCount: expected)
    }

    package func deliver(_ task: TaskID, by claim: TaskClaim, update: UploadedFile) async throws -> UpdateReceipt {
        defer { store.blobs.discard(update) }
        let worker = claim.worker
        try checkWorking()
        try check(claim, task)
        guard let run = cluster.run(task.run) else { throw unknown(task.run) }
        guard let description = run.openTask(task) else {
            let isAnswered = run.stage == task.stage && run.round == task.round && run.completions[task.index] != nil
            noteEnd(of: task, with: worker, .needless, because: "another worker answered first")
            return UpdateReceipt(verdict: isAnswered ? .duplicate : .late)
        }
        let isVerified = run.isVerified(task.index)
        do {
            // Reading and checking take a while: others are answered meanwhile.
            let completion = try await onThreadOfItsOwn {
                try UpdateInspection.inspect(update, answering: description, isCompared: isVerified)
            }
            try checkWorking()
            try check(claim, task)
            return try accept(completion, update, from: worker, of: description)
        } catch let error as RefusedAnswer {
            logger.warning("\(task) from \(worker) was refused: \(error.reason)", metadata: .about(task, worker))
            noteEnd(of: task, with: worker, .refused, because: error.reason)
            carryOut(cluster.updateRefused(task, from: worker, reason: error.reason))
            throw APIError(.refusedUpdate, "the answer to \(task) was refused: \(error.reason)")
        }
    }

    /// Makes the update a blob, then writes the fact down, then answers: after a crash at any point the task is either
    /// answered or open.
    private func accept(
        _ completion: TaskCompletion, _ update: UploadedFile, from worker: WorkerID, of task: TaskDescription
    ) throws -> UpdateReceipt {
        guard cluster.isOpen(completion.task) else {
            noteEnd(of: task.id, with: worker, .needless, because: "another worker answered first")
            return UpdateReceipt(verdict: cluster.updateReceived(completion, from: worker, now: now).0)
        }
        // Before it is tried: where only the last step fails, the blob is there.
        ledger.blobsAppeared([update.digest], for: completion.task.run)
        do {
            try store.blobs.adopt(update)
        } catch {
            stopWriting(StoreError(error))
            throw APIError(.storageFull, "the update could not be kept: \(error)", hint: "make room on the coordinator")
        }
        let (verdict, decisions) = cluster.updateReceived(completion, from: worker, now: now)
        crew.answered(worker, task, completion.figures)
        entries[task.id.run]?.timeline?.computed(
            task.id, by: worker, seconds: completion.figures.seconds, change: nextChange())
        noteEnd(of: task.id, with: worker, .done)
        carryOut(decisions)
        try checkWorking()
        return UpdateReceipt(verdict: verdict)
    }

    private func stranger(_ worker: WorkerID) -> APIError {
        APIError(.notFound, "there is no worker \(worker)", hint: "register again")
    }
}

extension RunState {
    /// The task named `id` where an answer to it would count.
    fileprivate func openTask(_ id: TaskID) -> TaskDescription? {
        guard stage == id.stage, round == id.round, openTasks.contains(id.index) else { return nil }
        return describeTask(id.index)
    }

    fileprivate var largestElementCount: Int {
        stages.flatMap { stage in stage.exampleTasks.map { stage.exampleWork(ofTask: $0.index).elementCount } }.max()
            ?? 0
    }
}

extension TaskRelease.Reason {
    /// With texts that steer no terminal, and no more memory than there can be.
    fileprivate var printable: Self {
        switch self {
        case .failed(let text): return .failed(text.printable(atMost: 1_000))
        case .diverged(var divergence):
            divergence.what = divergence.what.printable(atMost: 200)
            divergence.value = divergence.value.printable(atMost: 50)
            return .diverged(divergence)
        case .needsMemory(let needed, let available):
            let limits = 0...Limits.memoryBytes
            return .needsMemory(
                needed: min(max(needed, limits.lowerBound), limits.upperBound),
                available: min(max(available, limits.lowerBound), limits.upperBound))
        case .damagedInput: return self
        }
    }

    /// For people; nil where there is nothing to say.
    fileprivate var text: String? {
        switch self {
        case .failed(let text): text
        case .diverged(let divergence): "it diverged: \(divergence.what) is \(divergence.value)"
        case .needsMemory(let needed, let available): "it needs \(needed.asMemory) and has \(available.asMemory) here"
        case .damagedInput: nil
        }
    }

    fileprivate var isFailure: Bool {
        switch self {
        case .failed, .diverged: true
        case .needsMemory, .damagedInput: false
        }
    }
}

extension WorkerRegistration {
    fileprivate var texts: [String] { [host, version, instructionSet, nonce] }
}

extension String {
    fileprivate var isShortLine: Bool { utf8.count <= 256 && printable(atMost: 256) == self }
}
