package import Coordination
package import DataFormats
import FoundationEssentials
package import Logging
package import PlanFile
import RunProtocol
package import RunStore

/// The shell around `Cluster`: it writes facts down, performs what is decided, and answers requests.
///
/// `run()` is its life. Where a fact cannot be written down, all that follows from it waits until it can: what was not
/// recorded has not happened. A kill loses no more than that.
package actor Coordinator: CoordinatorAPI {
    let store: RunStore
    let kinds: ModelKinds
    let compiler: StageCompiler
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
    var entries: [RunID: RunEntry] = [:]
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
    let counters = CoordinatorMetrics()
    let gallery = Gallery()
    var ledger = BlobLedger()
    var isPerforming = false
    /// Runs that have ended to need something, which is still there.
    private var unneeded: [RunID] = []
    /// What cannot go on before somebody mends something.
    var storage = StoragePause()
    /// Why the coordinator has to end.
    private(set) var failure: StoreError?
    private(set) var isStopping = false

    private let steps: AsyncStream<StoragePause.PendingStep>
    private let stepContinuation: AsyncStream<StoragePause.PendingStep>.Continuation
    var waiting = WaitingRequests()
    /// How often tasks have been offered to those that wait.
    var offers = 0
    /// Rings when people may see something new.
    let changed = Bell()

    /// Takes up every run of `store` where its facts end.
    /// - Parameters:
    ///   - kinds: of model that plans may be of.
    ///   - folders: from where plans' data may be read.
    ///   - defaultFolder: what relative paths start from in plans that come without a folder.
    ///   - memory: that its steps share.
    ///   - waitsForRoom: whether it pauses while its disk is full or failing; else `run()` throws.
    package init(
        store: RunStore, kinds: ModelKinds, folders: DataFolders, defaultFolder: String, version: String,
        logger: Logger,
        times: ClusterTimes = ClusterTimes(), memory: MemoryBudget = MemoryBudget(), waitsForRoom: Bool = true
    ) async throws {
        (self.store, self.waitsForRoom, self.logger, self.version) = (store, waitsForRoom, logger, version)
        (self.defaultFolder, self.kinds) = (defaultFolder, kinds)
        let compiler = kinds.compiler
        self.compiler = compiler
        performer = StepPerformer(blobs: store.blobs, folders: folders, kinds: kinds, memory: memory)
        cluster = Cluster(compiler: compiler, times: times, quarantines: try store.quarantines())
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
        let entry = try RunEntry(
            stored, compiler: compiler, entries: store.entries(of: stored.id),
            spans: { $0.phase.isFinal ? nil : try store.spans(of: $0.id) }, change: nextChange())
        entries[stored.id] = entry
        ledger.runTakenUp(entry.written)
        return cluster.runSubmitted(stored.id, plan: stored.plan, events: stored.events.map(\.event))
    }

    /// Performs steps and lets time pass until the task is cancelled.
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

    var now: Instant { Instant(milliseconds: Int64((ContinuousClock.now - start) / .milliseconds(1))) }

    /// Until when a request may be held that asked for `seconds`.
    static func deadline(_ seconds: Double) -> ContinuousClock.Instant {
        .now + .seconds(seconds > 0 ? min(seconds, Limits.longPollSeconds) : 0)
    }

    private func letTimePass() {
        if failure == nil, let loss = ownershipLoss { return stopWriting(loss) }
        guard storage.isWriting else { return }
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
        storage.decided(decisions)
        // Tasks that open are offered first: to delete files takes a while.
        defer { while let run = unneeded.popLast() { deleteUnneeded(of: run) } }
        while let action = storage.nextAction() {
            switch action {
            case .carryOut(let decision): carryOut(decision)
            case .tellResumed: tellResumed()
            case .perform(let pending): stepContinuation.yield(pending)
            }
        }
    }

    private func carryOut(_ decision: Decision) {
        do {
            switch decision.action {
            case .record(let event, let run):
                try record(event, of: run, because: decision.reason)
            case .quarantine(let quarantine):
                try store.record(quarantine, at: Date().timeIntervalSince1970)
                for (name, worker) in cluster.workers where worker.process == quarantine.process {
                    waiting.sendAway(allOf: name)
                }
            case .perform(let step, let run):
                logger.info("\(run): next is \(step.name), because \(decision.reason)", metadata: .about(run))
                stepContinuation.yield(StoragePause.PendingStep(step, of: run))
            case .wakeWaitingSlots:
                offerTasks()
            case .tell(let notice, let run):
                logger.warning("\(notice): \(decision.reason)", metadata: .about(run))
                note(notice, because: decision.reason, about: run)
            }
        } catch {
            stopWriting(error as? StoreError ?? StoreError("\(error)"), in: decision)
        }
    }

    /// Something that is not written down. Nil: of all runs that go on.
    func note(_ notice: Notice, because reason: String, about run: RunID?) {
        let runs = run.map { [$0] } ?? cluster.runs.filter { !$0.phase.isFinal }.map(\.id)
        for run in runs {
            entries[run]?.journal.add(
                notice.description, because: reason, at: Date().timeIntervalSince1970, change: nextChange())
        }
    }

    func log(_ remarks: [Remark], of run: RunID) {
        for remark in remarks { logger.warning("\(run): \(remark.text)", metadata: .about(run)) }
    }

    private func record(_ event: RunEvent, of run: RunID, because reason: String) throws {
        let time = Date().timeIntervalSince1970
        let change = lastChange
        try store.record(event, of: run, because: reason, at: time, beside: pastChanges)
        pastIsWritten(until: change)
        storage.factWritten()
        let remarks = entries[run]?.apply(event, because: reason, at: time, change: nextChange()) ?? []
        counters.count(event, of: entries[run]?.history)
        logger.log(
            level: event.isMilestone ? .info : .debug, "\(run): \(event.name), because \(reason)",
            metadata: .about(event, of: run))
        log(remarks, of: run)
        if event.endsNeeds { unneeded.append(run) }
        changed.ring()
    }

    /// Nothing more is written until somebody has mended the disk; where nobody is waited for, the coordinator's life ends.
    /// - Parameter decision: what could not be carried out for that.
    func stopWriting(_ error: StoreError, in decision: Decision? = nil) {
        counters.countFailedWrite()
        let error = ownershipLoss ?? error
        guard !waitsForRoom || error.isOwnedElsewhere else { return pause(because: error.description, in: decision) }
        // The other kind ends the command with the same words.
        if !error.isOwnedElsewhere { logger.error("\(error)") }
        failure = error
        storage.writingEnded()
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

    var neededBlobs: Set<Digest> { cluster.runs.reduce(into: []) { $0.formUnion($1.neededBlobs) } }

    private func perform(_ pending: StoragePause.PendingStep) async {
        guard failure == nil, let state = cluster.run(pending.run), !state.phase.isFinal else { return }
        guard storage.isWriting else { return storage.stepPostponed(pending) }
        let folder = entries[pending.run]?.folder ?? defaultFolder
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
            storage.stepPostponed(pending)
            stopWriting(StoreError(error))
        } catch is CancellationError {
            // The coordinator ends; started again it begins the step anew.
        } catch let damage as DamagedBlob {
            storage.stepPostponed(pending)
            pause(pending.run, because: [damage])
        } catch {
            logger.error("\(pending.run): \(pending.step.name) failed: \(error)", metadata: .about(pending.run))
            finish(pending, .failed(reason: "\(pending.step.name) failed: \(error)", cause: .stepFailed))
            // What the step left behind has no name.
            if failure == nil { store.blobs.keepOnly(neededBlobs) }
        }
    }

    private func finish(_ pending: StoragePause.PendingStep, _ event: RunEvent) {
        isPerforming = false
        carryOut(cluster.stepFinished(event, of: pending.run))
        // Where the run was cancelled meanwhile, the step was for nothing.
        if cluster.run(pending.run)?.phase.isFinal == true { deleteUnneeded(of: pending.run) }
        sweep()
    }

    func checkWorking() throws(APIError) {
        if let reason = failure?.description ?? storage.reason { throw APIError(.storageFull, reason) }
    }

    /// Whether a request may still wait for something to change.
    var mayWait: Bool { !isStopping && !Task.isCancelled }
}
