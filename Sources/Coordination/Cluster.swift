package import RunProtocol

/// The coordinator's mind: all runs, all workers, who has which task.
///
/// Every method is a past-tense event that answers with what has to be done and why. Nothing here reads a clock, does I/O,
/// or depends on the order in which a dictionary is walked; the same events give the same decisions.
///
/// Leases and workers are not durable. After a restart workers register again and prove by their tokens which tasks they
/// were given: they hold them again, and their answers count. Quarantines are durable, and hold for a process under
/// whatever name.
package struct Cluster: Sendable {
    package let times: ClusterTimes
    private let compiler: StageCompiler
    /// In the order in which they were submitted.
    private(set) var entries: [Entry] = []
    package internal(set) var workers: [WorkerID: Worker] = [:]
    /// Who works on which open task: one worker, or two where the second is faster or the first may be lost.
    package internal(set) var leases: [TaskID: [Lease]] = [:]
    /// Workers that are heard, have had no task for long, and have not asked for one: their slots hang in what is over.
    package internal(set) var unavailable: Set<WorkerID> = []
    /// Who gave which open task back: a heartbeat that was overtaken by that does not claim it again.
    var givenBack: [TaskID: Set<WorkerID>] = [:]
    var durations = TaskDurations()
    /// Which worker processes have not the memory for which tasks.
    var shortages = MemoryShortages()
    /// How many tasks a worker process gave back as diverged that others have done.
    var contradicted: [String: Int] = [:]
    /// How many answers of a process in a row were refused.
    var refusals: [String: Int] = [:]
    /// Which processes get no more tasks, and why.
    var quarantined: [String: String]

    /// All that is known of one run.
    struct Entry: Sendable {
        var state: RunState
        /// Why nobody gets its tasks until somebody mends something; nil where they are given.
        var pause: String?
        /// Whether the shell is computing a step.
        var isPerforming = false
        /// Who has the samples of which tasks.
        var sampleHolders = SampleHolders()

        /// Whether its tasks may be given.
        var isRunning: Bool { state.phase == .running && pause == nil }
    }

    package struct Worker: Hashable, Sendable {
        package let registration: WorkerRegistration
        /// What stays the same when it registers again.
        package let process: String
        package internal(set) var lastHeard: Instant
        /// When it asked for a task last, had one, or registered.
        package internal(set) var lastAvailable: Instant
        /// Whether it has been heard since it registered.
        package internal(set) var hasSpoken = false
        /// What keeps it from working or delivering, by its own words.
        package internal(set) var trouble: String?
        /// Why it gets no more tasks; nil where it does.
        package internal(set) var quarantine: String?
    }

    /// - Parameters:
    ///   - compiler: of runs' stages.
    ///   - quarantines: those that were written down.
    package init(compiler: StageCompiler, times: ClusterTimes = ClusterTimes(), quarantines: [Quarantine] = []) {
        (self.compiler, self.times) = (compiler, times)
        quarantined = Dictionary(quarantines.map { ($0.process, $0.reason) }) { $1 }
    }

    /// All runs, in the order in which they were submitted.
    package var runs: [RunState] { entries.map(\.state) }
    package func run(_ id: RunID) -> RunState? { place(of: id).map { entries[$0].state } }

    /// What must be mended before the run goes on; nil where nothing must.
    package func reasonToPause(_ id: RunID) -> String? { place(of: id).flatMap { entries[$0].pause } }
    private func place(of id: RunID) -> Int? { entries.firstIndex { $0.state.id == id } }

    /// The place of a run that has not ended.
    private func placeOfUnended(_ id: RunID) -> Int? {
        place(of: id).flatMap { entries[$0].state.phase.isFinal ? nil : $0 }
    }

    // MARK: Runs

    /// A run came in, or is taken up again after a restart with the facts that were recorded.
    package mutating func runSubmitted(_ id: RunID, plan: Plan, events: [RunEvent] = []) -> [Decision] {
        entries.append(Entry(state: RunState(id: id, plan: plan, compiler: compiler, events: events)))
        return advance(id)
    }

    /// What `perform` asked for has been done: `event` is what came of it.
    package mutating func stepFinished(_ event: RunEvent, of run: RunID) -> [Decision] {
        guard let place = placeOfUnended(run) else { return [] }
        entries[place].isPerforming = false
        let reason = if case .failed(let reason, _) = event { reason } else { "it has been computed" }
        return record(event, of: run, because: reason) + advance(run)
    }

    /// What a run needs is damaged: nobody gets its tasks until it is mended.
    package mutating func damageFound(in run: RunID, _ reason: String) -> [Decision] {
        guard let place = placeOfUnended(run) else { return [] }
        entries[place].pause = reason
        return [Decision(.tell(.runPaused, about: run), because: reason)]
    }

    package mutating func damageMended(in run: RunID) -> [Decision] {
        guard let place = place(of: run), entries[place].pause != nil else { return [] }
        entries[place].pause = nil
        return [
            Decision(.tell(.runResumed, about: run), because: "what it needs is whole again"),
            Decision(.wakeWaitingSlots, because: "its tasks can be done"),
        ]
    }

    package mutating func cancelRequested(_ run: RunID) -> [Decision] {
        guard let place = placeOfUnended(run) else { return [] }
        entries[place].pause = nil
        return record(.cancelled, of: run, because: "somebody asked for it")
    }

    // MARK: What follows

    /// Records what can be decided at once and asks for what has to be computed, until the run waits for tasks.
    mutating func advance(_ id: RunID) -> [Decision] {
        guard let place = place(of: id), !entries[place].isPerforming,
            let (step, reason) = entries[place].state.nextStep
        else { return [] }
        switch step {
        case .waitForTasks:
            return [Decision(.wakeWaitingSlots, because: reason)]
        case .finishStage(let ending):
            return record(.stageFinished(ending), of: id, because: reason) + advance(id)
        case .prepareData, .openStage, .average, .export:
            entries[place].isPerforming = true
            return [Decision(.perform(step, of: id), because: reason)]
        }
    }

    mutating func record(_ event: RunEvent, of id: RunID, because reason: String) -> [Decision] {
        guard let place = place(of: id) else { return [] }
        entries[place].state.apply(event)
        let tasksAreOver = !entries[place].state.hasOpenTasks
        if tasksAreOver {
            leases = leases.filter { $0.key.run != id }
            givenBack = givenBack.filter { $0.key.run != id }
        }
        if entries[place].state.phase.isFinal {
            durations.forget(id)
            entries[place].sampleHolders = SampleHolders()
            shortages.forget(id)
        }
        return [Decision(.record(event, of: id), because: reason)]
    }

    /// The worker has read what the task needs.
    mutating func samplesRead(for task: TaskID, by worker: WorkerID) {
        guard let place = place(of: task.run), let set = entries[place].state.sampleSet(ofTask: task.index) else {
            return
        }
        entries[place].sampleHolders.read(set, by: worker)
    }
}
