package import Coordination
import DataFormats
import FoundationEssentials
package import Logging
import PlanFile
package import RunProtocol
package import RunStore

/// The shell around `Cluster`: it writes facts down, performs what is decided, and answers requests.
///
/// `run()` is its life. When a fact cannot be written down it stops: what was not recorded has not happened, and the next
/// start goes on from there.
package actor Coordinator: CoordinatorAPI {
    let store: RunStore
    let performer: StepPerformer
    let logger: Logger
    let version: String
    private let defaultFolder: String
    private let start = ContinuousClock.now

    var cluster: Cluster
    private var histories: [RunID: RunHistory] = [:]
    private var journals: [RunID: Journal] = [:]
    private var folders: [RunID: String] = [:]
    /// The blobs that each run needed when that was last looked at.
    private var held: [RunID: Set<Digest>] = [:]
    /// Updates and weights that came up since then.
    var leftovers: [RunID: Set<Digest>] = [:]
    /// What some run needs no more; others may need it.
    private var garbage: Set<Digest> = []
    private var isPerforming = false
    /// Why the coordinator has to stop.
    private var failure: StoreError?
    private var isStopping = false

    private let steps: AsyncStream<PendingStep>
    private let stepContinuation: AsyncStream<PendingStep>.Continuation
    /// Rings when there may be a task for a slot.
    let tasksOpened = Bell()
    /// Rings when a fact was recorded.
    private let recorded = Bell()

    private struct PendingStep: Sendable {
        var step: RunState.Step
        var run: RunID
    }

    /// Takes up every run of `store` where its facts end.
    ///
    /// - Parameters:
    ///   - folders: from where plans' data may be read.
    ///   - defaultFolder: what relative paths start from in plans that come without a folder.
    package init(
        store: RunStore, folders: DataFolders, defaultFolder: String, version: String, logger: Logger,
        times: ClusterTimes = ClusterTimes()
    ) async throws {
        self.store = store
        self.logger = logger
        self.version = version
        self.defaultFolder = defaultFolder
        performer = StepPerformer(blobs: store.blobs, folders: folders)
        cluster = Cluster(times: times)
        (steps, stepContinuation) = AsyncStream.makeStream()
        for stored in try store.runs() { takeUp(stored) }
        if let failure { throw failure }
        store.blobs.keepOnly(held.values.reduce(into: []) { $0.formUnion($1) })
    }

    private func takeUp(_ stored: RunStore.StoredRun) {
        var history = RunHistory(plan: stored.plan, submittedAt: stored.submittedAt)
        var journal = Journal()
        for event in stored.events {
            history.apply(event.event, at: event.time)
            journal.add(event.event.name, because: event.reason, at: event.time)
        }
        histories[stored.id] = history
        journals[stored.id] = journal
        self.folders[stored.id] = stored.folder
        let decisions = cluster.runSubmitted(stored.id, plan: stored.plan, events: stored.events.map(\.event))
        held[stored.id] = cluster.run(stored.id)?.neededBlobs
        carryOut(decisions)
    }

    /// Performs steps and lets time pass until the task is cancelled.
    ///
    /// - Throws: `StoreError` whenever a fact cannot be written down.
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
                }
            }
            defer { stopWaiting() }
            do {
                try await group.next()
            } catch is CancellationError {}
            group.cancelAll()
        }
    }

    /// Lets requests that only wait answer at once, so that the server can stop.
    package func stopWaiting() {
        isStopping = true
        tasksOpened.ring()
        recorded.ring()
    }

    var now: Instant {
        Instant(milliseconds: Int64((ContinuousClock.now - start) / .milliseconds(1)))
    }

    /// Until when a request may be held that asked for `seconds`.
    static func deadline(_ seconds: Double) -> ContinuousClock.Instant {
        .now + .seconds(seconds > 0 ? min(seconds, Limits.longPollSeconds) : 0)
    }

    private func letTimePass() {
        carryOut(cluster.timePassed(now: now))
    }

    // MARK: Decisions

    /// Does what was decided, in the order in which it was decided.
    func carryOut(_ decisions: [Decision]) {
        for decision in decisions where failure == nil {
            switch decision.action {
            case .record(let event, let run): record(event, of: run, because: decision.reason)
            case .perform(let step, let run):
                logger.info("\(run): next is \(step.name), because \(decision.reason)")
                stepContinuation.yield(PendingStep(step: step, run: run))
            case .wakeWaitingSlots:
                tasksOpened.ring()
            case .tell(let text, let run):
                logger.warning("\(text): \(decision.reason)")
                note(text, because: decision.reason, about: run)
            }
        }
    }

    /// Something that is not written down. Nil: of all runs that go on.
    func note(_ text: String, because reason: String, about run: RunID?) {
        let runs = run.map { [$0] } ?? cluster.runs.filter { !$0.phase.isFinal }.map(\.id)
        for run in runs {
            journals[run, default: Journal()].add(text, because: reason, at: Date().timeIntervalSince1970)
        }
    }

    private func record(_ event: RunEvent, of run: RunID, because reason: String) {
        let time = Date().timeIntervalSince1970
        do {
            try store.record(event, of: run, because: reason, at: time)
        } catch {
            fail(error as? StoreError ?? StoreError("\(error)"))
            return
        }
        histories[run]?.apply(event, at: time)
        journals[run, default: Journal()].add(event.name, because: reason, at: time)
        logger.log(level: event.isMilestone ? .info : .debug, "\(run): \(event.name), because \(reason)")
        if event.endsNeeds { deleteUnneeded(of: run) }
        recorded.ring()
    }

    /// Ends the coordinator's life.
    private func fail(_ error: StoreError) {
        logger.error("\(error)")
        failure = error
        stepContinuation.finish()
        stopWaiting()
    }

    /// Deletes blobs that this run needed, and no run needs any more.
    private func deleteUnneeded(of run: RunID) {
        garbage.formUnion(held[run] ?? [])
        garbage.formUnion(leftovers[run] ?? [])
        held[run] = cluster.run(run)?.neededBlobs
        leftovers[run] = nil
        sweep()
    }

    /// A step that is being performed may have found a blob that it needs in its place: then nothing is deleted before
    /// it has ended.
    private func sweep() {
        guard !isPerforming, !garbage.isEmpty else { return }
        store.blobs.delete(garbage.subtracting(neededBlobs))
        garbage = []
    }

    private var neededBlobs: Set<Digest> {
        cluster.runs.reduce(into: []) { $0.formUnion($1.neededBlobs) }
    }

    private func perform(_ pending: PendingStep) async {
        guard failure == nil, let state = cluster.run(pending.run), !state.phase.isFinal else { return }
        let folder = folders[pending.run] ?? defaultFolder
        let performer = performer
        isPerforming = true
        defer { isPerforming = false }
        do {
            let event = try await onThreadOfItsOwn {
                try performer.perform(pending.step, of: state, folder: folder)
            }
            leftovers[pending.run, default: []].formUnion(event.blobs)
            finish(pending, event)
        } catch let error as DataError where error.code == .storageFull {
            // No fault of the run: it goes on when there is room.
            fail(StoreError("the coordinator's disk is full; make room and start again: nothing is lost", isFull: true))
        } catch {
            logger.error("\(pending.run): \(pending.step.name) failed: \(error)")
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

    // MARK: Runs

    package func information() -> CoordinatorInformation {
        let workers = cluster.workers.sorted { $0.key.rawValue < $1.key.rawValue }.map { id, worker in
            WorkerStatus(
                worker: id, registration: worker.registration,
                secondsSinceHeard: Double(now.milliseconds - worker.lastHeard.milliseconds) / 1000,
                tasks: cluster.tasks(of: id), quarantine: worker.quarantine)
        }
        return CoordinatorInformation(version: version, workers: workers)
    }

    package func submit(_ submission: RunSubmission) throws -> RunStatus {
        try checkWorking()
        let plan: Plan
        do {
            plan = try PlanReader.read(submission.plan)
        } catch {
            throw APIError(
                .invalidPlan, "\(error)", hint: "`cairn plan check` finds mistakes before a plan is submitted")
        }
        return try submit(plan, folder: submission.folder ?? defaultFolder)
    }

    /// Takes a checked plan; or, where the same plan came from the same folder before and has not failed, gives that run:
    /// a coordinator that is started again with its plan goes on with it.
    package func resume(_ plan: Plan, folder: String) throws -> RunStatus {
        let known = cluster.runs.last { run in
            guard run.plan == plan, folders[run.id] == folder else { return false }
            if case .failed = run.phase { return false }
            return run.phase != .cancelled
        }
        return try known.map { try status(of: $0.id) } ?? submit(plan, folder: folder)
    }

    private func submit(_ plan: Plan, folder: String) throws -> RunStatus {
        guard folder.hasPrefix("/") else {
            throw APIError(.badRequest, "the plan's folder is not an absolute path", hint: "send it with a leading /")
        }
        try DataPreparation(plan: plan, folder: folder, folders: performer.folders, blobs: store.blobs).checkPaths()
        let digits = String(UInt32.random(in: 0...UInt32.max), radix: 16)
        guard let id = RunID(rawValue: "run-" + String(repeating: "0", count: 8 - digits.count) + digits) else {
            throw APIError(.internal, "no name could be made for the run")
        }
        let time = Date().timeIntervalSince1970
        do {
            try store.add(id, plan: plan, folder: folder, at: time)
        } catch {
            throw APIError(.storageFull, "the run could not be written down: \(error)", hint: "make room and try again")
        }
        histories[id] = RunHistory(plan: plan, submittedAt: time)
        folders[id] = folder
        journals[id] = Journal()
        held[id] = []
        carryOut(cluster.runSubmitted(id, plan: plan))
        return try status(of: id)
    }

    /// Without their rounds and results: a list of many long runs would be too large for a message.
    package func runs() throws -> RunList {
        RunList(
            runs: try cluster.runs.reversed().map { run in
                var status = try status(of: run.id)
                status.results = []
                for stage in status.stages.indices { status.stages[stage].history = [] }
                return status
            })
    }

    package func status(of run: RunID, after revision: Int?, waitSeconds: Double) async throws -> RunStatus {
        let deadline = Self.deadline(waitSeconds)
        while true {
            let rings = recorded.rings
            let status = try status(of: run)
            guard let revision, status.revision <= revision, .now < deadline, mayWait else { return status }
            await recorded.wait(after: rings, until: deadline)
        }
    }

    package func journal(of run: RunID, after number: Int) throws -> RunJournal {
        guard let journal = journals[run] else { throw unknown(run) }
        return journal.entries(after: number)
    }

    package func cancel(_ run: RunID) throws -> RunStatus {
        try checkWorking()
        guard let state = cluster.run(run) else { throw unknown(run) }
        guard !state.phase.isFinal else {
            throw APIError(.conflict, "run \(run) has ended already", hint: "`cairn status \(run)` says how")
        }
        carryOut(cluster.cancelRequested(run))
        return try status(of: run)
    }

    package func export(_ part: ExportDescription.Part, of run: RunID) throws -> ExportDescription {
        guard let state = cluster.run(run) else { throw unknown(run) }
        guard let export = state.exports.first(where: { $0.part == part }) else {
            throw state.phase == .finished
                ? APIError(.notFound, "run \(run) has no \(part.rawValue) weights: its plan has no fine_tuning")
                : APIError(
                    .conflict, "run \(run) has not finished", hint: "`cairn watch \(run)` shows how far it is")
        }
        return export
    }

    package nonisolated var uploadFolder: String { store.blobs.uploadFolder }

    package nonisolated func blob(_ digest: Digest) throws -> StoredBlob {
        guard let bytes = store.blobs.size(of: digest) else {
            throw APIError(.notFound, "there is no blob \(digest)", hint: "its task may be over")
        }
        return StoredBlob(digest: digest, path: store.blobs.path(of: digest), bytes: bytes)
    }

    func unknown(_ run: RunID) -> APIError {
        APIError(.notFound, "there is no run \(run)", hint: "`cairn list` shows all runs")
    }

    func checkWorking() throws(APIError) {
        if let failure { throw APIError(.storageFull, failure.description) }
    }

    /// Whether a request may still wait for something to change.
    var mayWait: Bool { !isStopping && !Task.isCancelled }

    func status(of run: RunID) throws(APIError) -> RunStatus {
        guard let state = cluster.run(run), let history = histories[run] else { throw unknown(run) }
        return RunStatus(
            state, history,
            workers: cluster.workers.sorted { $0.key.rawValue < $1.key.rawValue }.map(\.value.quarantine),
            tasksInProgress: cluster.leases.keys.count { $0.run == run })
    }
}
