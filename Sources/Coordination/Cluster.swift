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
    /// In the order in which they were submitted.
    package private(set) var runs: [RunState] = []
    package internal(set) var workers: [WorkerID: Worker] = [:]
    /// Who works on which open task: one worker, or two where the second is faster or the first may be lost.
    package internal(set) var leases: [TaskID: [Lease]] = [:]
    /// Workers that are heard, have had no task for long, and have not asked for one: their slots hang in what is over.
    package internal(set) var unavailable: Set<WorkerID> = []
    /// Who gave which open task back: a heartbeat that was overtaken by that does not claim it again.
    var givenBack: [TaskID: Set<WorkerID>] = [:]
    var durations = TaskDurations()
    var sampleHolders: [RunID: SampleHolders] = [:]
    /// Which worker processes have not the memory for which tasks.
    var shortages = MemoryShortages()
    /// How many tasks a worker process gave back as diverged that others have done.
    var contradicted: [String: Int] = [:]
    /// How many answers of a process in a row were refused.
    var refusals: [String: Int] = [:]
    /// Which processes get no more tasks, and why.
    var quarantined: [String: String]
    /// Runs that wait until somebody mends something, and what.
    package private(set) var paused: [RunID: String] = [:]
    /// What the shell is computing for a run.
    private var performing: [RunID: RunState.Step] = [:]

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

    /// - Parameter quarantines: those that were written down.
    package init(times: ClusterTimes = ClusterTimes(), quarantines: [Quarantine] = []) {
        self.times = times
        quarantined = Dictionary(quarantines.map { ($0.process, $0.reason) }) { $1 }
    }

    package func run(_ id: RunID) -> RunState? {
        runs.first { $0.id == id }
    }

    // MARK: Runs

    /// A run came in, or is taken up again after a restart with the facts that were recorded.
    package mutating func runSubmitted(_ id: RunID, plan: Plan, events: [RunEvent] = []) -> [Decision] {
        runs.append(RunState(id: id, plan: plan, events: events))
        return advance(id)
    }

    /// What `perform` asked for has been done: `event` is what came of it.
    package mutating func stepFinished(_ event: RunEvent, of run: RunID) -> [Decision] {
        performing[run] = nil
        guard let state = self.run(run), !state.phase.isFinal else { return [] }
        let reason = if case .failed(let reason) = event { reason } else { "it has been computed" }
        return record(event, of: run, because: reason) + advance(run)
    }

    /// What a run needs is damaged: nobody gets its tasks until it is mended.
    package mutating func damageFound(in run: RunID, _ reason: String) -> [Decision] {
        guard let state = self.run(run), !state.phase.isFinal else { return [] }
        paused[run] = reason
        return [Decision(.tell("the run is paused", about: run), because: reason)]
    }

    package mutating func damageMended(in run: RunID) -> [Decision] {
        guard paused.removeValue(forKey: run) != nil else { return [] }
        return [
            Decision(.tell("the run goes on", about: run), because: "what it needs is whole again"),
            Decision(.wakeWaitingSlots, because: "its tasks can be done"),
        ]
    }

    package mutating func cancelRequested(_ run: RunID) -> [Decision] {
        guard let state = self.run(run), !state.phase.isFinal else { return [] }
        paused[run] = nil
        return record(.cancelled, of: run, because: "somebody asked for it")
    }

    // MARK: What follows

    /// Records what can be decided at once and asks for what has to be computed, until the run waits for tasks.
    mutating func advance(_ id: RunID) -> [Decision] {
        guard performing[id] == nil, let (step, reason) = run(id)?.nextStep else { return [] }
        switch step {
        case .waitForTasks:
            return [Decision(.wakeWaitingSlots, because: reason)]
        case .finishStage(let ending):
            return record(.stageFinished(ending), of: id, because: reason) + advance(id)
        case .prepareData, .openStage, .average, .export:
            performing[id] = step
            return [Decision(.perform(step, of: id), because: reason)]
        }
    }

    mutating func record(_ event: RunEvent, of id: RunID, because reason: String) -> [Decision] {
        guard let place = runs.firstIndex(where: { $0.id == id }) else { return [] }
        runs[place].apply(event)
        let tasksAreOver = !runs[place].hasOpenTasks
        if tasksAreOver {
            leases = leases.filter { $0.key.run != id }
            givenBack = givenBack.filter { $0.key.run != id }
        }
        if runs[place].phase.isFinal {
            durations.forget(id)
            sampleHolders[id] = nil
            shortages.forget(id)
        }
        return [Decision(.record(event, of: id), because: reason)]
    }
}
