package import Coordination
package import DataFormats
import FoundationEssentials
package import Logging
import PlanFile
import RunProtocol
package import RunStore

/// The shell around `Cluster`: it writes facts down, performs what is decided, and answers requests.
///
/// `run()` is its life. Where a fact cannot be written down, all that follows from it waits until it can: what was not
/// recorded has not happened. A kill loses no more than that.
package actor Coordinator: CoordinatorAPI {
    let store: RunStore
    let performer: StepPerformer
    let logger: Logger
    let version: String
    let defaultFolder: String
    /// Whether it waits for somebody who mends the disk; else it ends.
    private let waitsForRoom: Bool
    private let start = ContinuousClock.now
    /// Seconds since 1970.
    let startedAt = Date().timeIntervalSince1970

    var cluster: Cluster
    /// The runs as the facts on the disk tell them: what people see never goes back. `cluster` is ahead while a fact cannot
    /// be written.
    var written: [RunID: RunState] = [:]
    var histories: [RunID: RunHistory] = [:]
    var journals: [RunID: Journal] = [:]
    var folders: [RunID: String] = [:]
    var planTexts: [RunID: String] = [:]
    var timelines: [RunID: TaskTimeline] = [:]
    var crew: Crew
    /// Until which change that is written down, and how often it was looked whether something is to be written.
    var writtenChange = 0
    var secondsOfPast = 0
    /// When coordinators were started with this state folder, in seconds since 1970.
    private(set) var starts: [Double] = []
    /// How workers and people reach it; nil where they do not.
    var reach: Reach?
    /// What those who watch were told, and how much has changed since the start.
    var board = Board()
    var lastChange = 0
    /// What is known of blobs' sizes: to ask for them again and again would be slow.
    var blobSizes: [Digest: Int] = [:]
    /// What runs take, once their data are cut.
    var memories: [RunID: RunMemory] = [:]
    let counters = CoordinatorMetrics()
    let gallery = Gallery()
    var ledger = BlobLedger()
    var isPerforming = false
    /// Runs that have ended to need something, which is still there.
    private var unneeded: [RunID] = []
    /// What cannot go on before somebody mends something.
    var pauses = Pauses()
    /// Why the coordinator has to end.
    private(set) var failure: StoreError?
    private(set) var isStopping = false

    let steps: AsyncStream<PendingStep>
    let stepContinuation: AsyncStream<PendingStep>.Continuation
    var waiting = WaitingRequests()
    /// How often tasks have been offered to those that wait.
    var offers = 0
    /// Rings when people may see something new.
    let changed = Bell()

    struct PendingStep: Sendable {
        var step: RunState.Step
        var run: RunID
    }

    /// Takes up every run of `store` where its facts end.
    ///
    /// - Parameters:
    ///   - folders: from where plans' data may be read.
    ///   - defaultFolder: what relative paths start from in plans that come without a folder.
    ///   - memory: that its steps share.
    ///   - waitsForRoom: whether it pauses while its disk is full or failing; else `run()` throws.
    package init(
        store: RunStore, folders: DataFolders, defaultFolder: String, version: String, logger: Logger,
        times: ClusterTimes = ClusterTimes(), memory: MemoryBudget = MemoryBudget(), waitsForRoom: Bool = true
    ) async throws {
        self.store = store
        self.waitsForRoom = waitsForRoom
        self.logger = logger
        self.version = version
        self.defaultFolder = defaultFolder
        performer = StepPerformer(blobs: store.blobs, folders: folders, memory: memory)
        cluster = Cluster(times: times, quarantines: try store.quarantines())
        crew = Crew(try store.knownWorkers())
        (steps, stepContinuation) = AsyncStream.makeStream()
        // First all runs, then what follows: one must not delete what another needs.
        let decisions = try store.runs().flatMap(takeUp)
        store.blobs.keepOnly(ledger.neededBlobs)
        let lives = try store.lives()
        try store.beginLife(at: startedAt)
        starts = lives.map(\.startedAt) + [startedAt]
        tellOfResuming(after: lives)
        carryOut(decisions)
        if let failure { throw failure }
    }

    private func takeUp(_ stored: RunStore.StoredRun) throws -> [Decision] {
        var history = RunHistory(plan: stored.plan, submittedAt: stored.submittedAt)
        for event in stored.events { history.apply(event.event, at: event.time, change: nextChange()) }
        histories[stored.id] = history
        journals[stored.id] = try takeUpJournal(of: stored, history.remarks)
        self.folders[stored.id] = stored.folder
        planTexts[stored.id] = stored.planText
        let events = stored.events.map(\.event)
        let run = RunState(id: stored.id, plan: stored.plan, events: events)
        written[stored.id] = run
        ledger.runTakenUp(run)
        if !run.phase.isFinal {
            timelines[stored.id] = TaskTimeline(try store.spans(of: stored.id), change: nextChange())
        }
        return cluster.runSubmitted(stored.id, plan: stored.plan, events: events)
    }

    /// Performs steps and lets time pass until the task is cancelled.
    ///
    /// - Throws: `StoreError` whenever a fact cannot be written down and nobody is waited for.
    package func run() async throws {
        try await withThrowingTaskGroup { group in
            group.addTask {
                for await pending in self.steps { await self.perform(pending) }
                // The stream ends early only when a fact could not be written down.
                if let failure = await self.failure { throw failure }
            }
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(1))
                    await self.letTimePass()
                    await self.lookAfterPauses()
                }
            }
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(Self.garbageSeconds))
                    _ = try? await self.deleteGarbage(olderThan: Self.garbageSeconds)
                }
            }
            defer { stopWaiting() }
            do {
                try await group.next()
            } catch is CancellationError {}
            group.cancelAll()
            tellOfStopping()
        }
    }

    /// Lets requests that only wait answer at once, so that the server can stop.
    package func stopWaiting() {
        isStopping = true
        waiting.sendAway()
        changed.ring()
    }

    var now: Instant {
        Instant(milliseconds: Int64((ContinuousClock.now - start) / .milliseconds(1)))
    }

    /// Until when a request may be held that asked for `seconds`.
    static func deadline(_ seconds: Double) -> ContinuousClock.Instant {
        .now + .seconds(seconds > 0 ? min(seconds, Limits.longPollSeconds) : 0)
    }

    private func letTimePass() {
        if failure == nil, let loss = ownershipLoss { return stopWriting(loss) }
        guard pauses.reason == nil else { return }
        let before = cluster.workers
        carryOut(cluster.timePassed(now: now))
        noteLost(of: before)
        noteStalls()
        forgetOldTimelines()
        writePast()
        sweep()
    }

    // MARK: Decisions

    /// Does what was decided, in the order in which it was decided; what follows a fact that cannot be written down waits.
    func carryOut(_ decisions: [Decision]) {
        // Tasks that open are offered first: to delete files takes a while.
        defer { while let run = unneeded.popLast() { deleteUnneeded(of: run) } }
        for (index, decision) in decisions.enumerated() {
            guard pauses.reason == nil, failure == nil else {
                pauses.decisions += decisions[index...]
                return
            }
            switch decision.action {
            case .record(let event, let run):
                guard record(event, of: run, because: decision.reason) else {
                    pauses.decisions += decisions[index...]
                    return
                }
            case .quarantine(let quarantine):
                guard record(quarantine) else {
                    pauses.decisions += decisions[index...]
                    return
                }
                for (name, worker) in cluster.workers where worker.process == quarantine.process {
                    waiting.sendAway(allOf: name)
                }
            case .perform(let step, let run):
                logger.info("\(run): next is \(step.name), because \(decision.reason)", metadata: .about(run))
                stepContinuation.yield(PendingStep(step: step, run: run))
            case .wakeWaitingSlots:
                offerTasks()
            case .tell(let text, let run):
                logger.warning("\(text): \(decision.reason)", metadata: .about(run))
                note(text, because: decision.reason, about: run)
            }
        }
    }

    /// Something that is not written down. Nil: of all runs that go on.
    func note(_ text: String, because reason: String, about run: RunID?) {
        let runs = run.map { [$0] } ?? cluster.runs.filter { !$0.phase.isFinal }.map(\.id)
        for run in runs {
            journals[run, default: Journal()].add(
                text, because: reason, at: Date().timeIntervalSince1970, change: nextChange())
        }
    }

    /// Remarks are derived from the events, so they are not written down themselves.
    func tell(_ remarks: some Collection<Remark>, of run: RunID, at time: Double) {
        guard !remarks.isEmpty else { return }
        journals[run, default: Journal()].add(remarks, at: time, change: nextChange())
        for remark in remarks { logger.warning("\(run): \(remark.text)", metadata: .about(run)) }
    }

    /// - Returns: whether it is written down.
    private func record(_ quarantine: Quarantine) -> Bool {
        do {
            try store.record(quarantine, at: Date().timeIntervalSince1970)
            return true
        } catch {
            stopWriting(error as? StoreError ?? StoreError("\(error)"))
            return false
        }
    }

    /// - Returns: whether it is written down.
    private func record(_ event: RunEvent, of run: RunID, because reason: String) -> Bool {
        let time = Date().timeIntervalSince1970
        do {
            let change = lastChange
            try store.record(event, of: run, because: reason, at: time, beside: pastChanges)
            pastIsWritten(until: change)
        } catch {
            stopWriting(error as? StoreError ?? StoreError("\(error)"))
            return false
        }
        pauses.patience = 0
        written[run]?.apply(event)
        let (change, known) = (nextChange(), histories[run]?.remarks.count ?? 0)
        histories[run]?.apply(event, at: time, change: change)
        counters.count(event, of: histories[run])
        journals[run, default: Journal()].add(event.name, because: reason, at: time, change: change)
        logger.log(
            level: event.isMilestone ? .info : .debug, "\(run): \(event.name), because \(reason)",
            metadata: .about(event, of: run))
        tell(histories[run]?.remarks.dropFirst(known) ?? [], of: run, at: time)
        if event.endsNeeds { unneeded.append(run) }
        changed.ring()
        return true
    }

    /// Nothing more is written until somebody has mended the disk; where nobody is waited for, the coordinator's life ends.
    func stopWriting(_ error: StoreError) {
        counters.countFailedWrite()
        let error = ownershipLoss ?? error
        guard !waitsForRoom || error.isOwnedElsewhere else { return pause(because: error.description) }
        // The other kind ends the command with the same words.
        if !error.isOwnedElsewhere { logger.error("\(error)") }
        failure = error
        stepContinuation.finish()
        stopWaiting()
    }

    /// Why another coordinator's folder is left alone from now on; nil while it is this one's.
    private var ownershipLoss: StoreError? {
        do throws(StoreError) { try store.ownership.check() } catch { return error.isOwnedElsewhere ? error : nil }
        return nil
    }

    /// Deletes blobs that this run needed, and no run needs any more.
    func deleteUnneeded(of run: RunID) {
        if let state = cluster.run(run) { ledger.needsEnded(of: state) }
        sweep()
    }

    private func sweep() {
        guard !isPerforming else { return }
        let garbage = ledger.sweep(runs: cluster.runs)
        guard !garbage.isEmpty else { return }
        let deleted = store.blobs.delete(garbage)
        ledger.blobsDeleted(deleted)
        for blob in deleted { blobSizes[blob] = nil }
    }

    var neededBlobs: Set<Digest> {
        cluster.runs.reduce(into: []) { $0.formUnion($1.neededBlobs) }
    }

    private func perform(_ pending: PendingStep) async {
        guard failure == nil, let state = cluster.run(pending.run), !state.phase.isFinal else { return }
        guard pauses.reason == nil else { return pauses.steps.append(pending) }
        let folder = folders[pending.run] ?? defaultFolder
        let performer = performer
        isPerforming = true
        defer { isPerforming = false }
        do {
            let event = try await onAbandonedThread {
                try performer.perform(pending.step, of: state, folder: folder)
            }
            ledger.blobsAppeared(event.blobs, for: pending.run)
            finish(pending, event)
        } catch let error as DataError where [.storageFull, .unwritable, .hostShortage].contains(error.code) {
            // No fault of the run: it goes on when there is room.
            pauses.steps.append(pending)
            stopWriting(StoreError(error))
        } catch is CancellationError {
            // The coordinator ends; started again it begins the step anew.
        } catch let damage as DamagedBlob {
            pauses.steps.append(pending)
            pause(pending.run, because: [damage])
        } catch {
            logger.error("\(pending.run): \(pending.step.name) failed: \(error)", metadata: .about(pending.run))
            finish(pending, .failed(reason: "\(pending.step.name) failed: \(error)"))
            // What the step left behind has no name.
            if failure == nil { store.blobs.keepOnly(neededBlobs) }
        }
    }

    private func finish(_ pending: PendingStep, _ event: RunEvent) {
        isPerforming = false
        carryOut(cluster.stepFinished(event, of: pending.run))
        // Where the run was cancelled meanwhile, the step was for nothing.
        if cluster.run(pending.run)?.phase.isFinal == true { deleteUnneeded(of: pending.run) }
        sweep()
    }

    func checkWorking() throws(APIError) {
        if let reason = failure?.description ?? pauses.reason { throw APIError(.storageFull, reason) }
    }

    /// Whether a request may still wait for something to change.
    var mayWait: Bool { !isStopping && !Task.isCancelled }
}
