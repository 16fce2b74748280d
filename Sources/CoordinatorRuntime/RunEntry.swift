package import Coordination
package import RunProtocol
import RunStore

/// All that the coordinator keeps of one run, beside what `Cluster` decides by.
package struct RunEntry: Sendable {
    /// The run as the facts on the disk tell it: what people see never goes back. `Cluster` is ahead while a fact cannot
    /// be written.
    package private(set) var written: RunState
    /// What people see of these facts.
    package private(set) var history: RunHistory
    /// What happened, as people read it.
    package internal(set) var journal = Journal()
    /// Who had which task; nil where it has to be read from the disk, as for most runs that have ended.
    var timeline: TaskTimeline? = TaskTimeline()
    /// What relative paths in the plan start from.
    let folder: String
    /// The plan as it was handed in; empty where an earlier version wrote the run down.
    let planText: String
    /// What the run takes, once its data are cut.
    var memory: RunMemory?
    /// What is damaged of what the run needs, and how these files looked then.
    var damage: [DamagedBlob: FileStamp?] = [:]

    /// A run that has just been submitted.
    /// - Parameter time: seconds since 1970.
    package init(
        _ id: RunID, plan: Plan, compiler: StageCompiler, text: String, folder: String, at time: Double
    ) {
        written = RunState(id: id, plan: plan, compiler: compiler)
        history = RunHistory(outline: compiler.outline(plan), submittedAt: time)
        planText = text
        self.folder = folder
    }

    /// A run that is taken up where its facts end.
    /// - Parameters:
    ///   - entries: of its journal, as they were kept: what is missing of the facts and remarks is added.
    ///   - spans: of its timeline; nil where they are not needed yet.
    ///   - change: the number of the change that it is for those who watch.
    init(
        _ stored: RunStore.StoredRun, compiler: StageCompiler, entries: [RunJournal.Entry],
        spans: (RunState) throws -> [TaskSpan]?, change: Int
    ) rethrows {
        self.init(
            stored.id, plan: stored.plan, compiler: compiler, text: stored.planText, folder: stored.folder,
            at: stored.submittedAt)
        for event in stored.events { fold(event.event, at: event.time, change: change) }
        timeline = try spans(written).map { TaskTimeline($0, change: change) }
        journal = Journal(entries, change: change)
        let missing = stored.events.reversed().prefix { event in
            !journal.has(event.event.name, because: event.reason, at: event.time)
        }
        for event in missing.reversed() {
            journal.add(event.event.name, because: event.reason, at: event.time, change: change)
        }
        let last = stored.events.last?.time ?? stored.submittedAt
        journal.add(history.remarks.filter { !journal.has($0) }, at: last, change: change)
    }

    /// A fact is on the disk: nothing else changes what people see of the run's facts.
    /// - Parameters:
    ///   - time: seconds since 1970.
    ///   - change: the number of the change that it is for those who watch.
    /// - Returns: the remarks that follow from it.
    package mutating func apply(_ event: RunEvent, because reason: String, at time: Double, change: Int) -> [Remark] {
        let known = history.remarks.count
        fold(event, at: time, change: change)
        journal.add(event.name, because: reason, at: time, change: change)
        let remarks = Array(history.remarks.dropFirst(known))
        journal.add(remarks, at: time, change: change)
        return remarks
    }

    private mutating func fold(_ event: RunEvent, at time: Double, change: Int) {
        written.apply(event)
        history.apply(event, compiled: written.compiled, at: time, change: change)
    }
}
