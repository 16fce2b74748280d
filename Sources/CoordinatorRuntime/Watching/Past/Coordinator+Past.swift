import Coordination
import FoundationEssentials
import Logging
import RunProtocol
import RunStore

/// What people see of the past survives a restart: it is read at the start, and written down each second and with each fact.
extension Coordinator {
    /// That a worker is there is written down again after so many seconds.
    private static let stillThereSeconds = 30

    /// Says of each run that goes on where it does, and how long no coordinator was there.
    func tellOfResuming(after lives: [RunStore.Life]) {
        for run in cluster.runs where !run.phase.isFinal {
            guard let history = entries[run.id]?.history else { continue }
            let place = run.place(of: history)
            logger.info("resumed \(run.id): \(place)", metadata: .about(run.id))
            note(
                .coordinatorRestarted,
                because: "resumed \(run.id): \(place)\(lives.absence(until: startedAt))", about: run.id)
        }
    }

    /// Tells those who watch later that it was told to stop, and writes all down.
    func tellOfStopping() {
        guard storage.isWriting else { return }
        note(.coordinatorStops, because: "it was told to", about: nil)
        writePast(isLast: true)
    }

    /// What cannot be written now is tried again.
    func writePast(isLast: Bool = false) {
        guard storage.isWriting else { return }
        secondsOfPast += 1
        if secondsOfPast % Self.stillThereSeconds == 0 { crew.areStillThere(cluster.workers.keys) }
        let (changes, change) = (pastChanges, lastChange)
        guard isLast || !changes.isEmpty else { return }
        do {
            try store.record(changes, at: Date().timeIntervalSince1970, isLast: isLast)
            pastIsWritten(until: change)
        } catch { logger.debug("what people see of the past could not be written: \(error)") }
    }

    /// Since it was written down last.
    var pastChanges: RunStore.PastChanges {
        var changes = RunStore.PastChanges()
        for (run, entry) in entries {
            let told = entry.journal.entries(afterChange: writtenChange)
            if !told.isEmpty { changes.entries[run] = told }
            let spans = entry.timeline?.spans(after: writtenChange) ?? []
            if !spans.isEmpty { changes.spans[run] = Dictionary(spans.map { ($0.number, $0) }) { $1 } }
        }
        let crew = crew.changes { [cluster] name in cluster.workers[name].map { self.heardAt($0.lastHeard) } }
        (changes.workers, changes.forgottenWorkers) = (crew.workers, crew.forgotten)
        return changes
    }

    func pastIsWritten(until change: Int) {
        writtenChange = change
        crew.changesWritten()
    }

    /// Those of a run that has ended are read from the disk when they are asked for.
    func timeline(of run: RunID) -> TaskTimeline {
        if let known = entries[run]?.timeline { return known }
        let spans = (try? store.spans(of: run)) ?? []
        let timeline = TaskTimeline(spans, change: 1)
        if cluster.run(run)?.phase.isFinal == true { entries[run]?.timeline = timeline }
        return timeline
    }

    /// Before what time it is not known who had which task of a run.
    func spansSince(_ run: RunID, _ timeline: TaskTimeline) -> Double? {
        if let known = timeline.isKnownSince { return known }
        guard timeline.isEmpty, let history = entries[run]?.history, history.hasAnswers else { return nil }
        return history.finishedAt ?? startedAt
    }
}

extension [RunStore.Life] {
    /// How long no coordinator was there, and why, as the end of a sentence.
    fileprivate func absence(until time: Double) -> String {
        guard let last else { return "" }
        let seconds = time - last.aliveAt
        let ended = last.wasStopped ? "the one before was stopped" : "the one before was killed or crashed"
        guard seconds >= 0 else { return "; \(ended), and the clock has been set back since" }
        return "; \(ended), \(last.wasStopped ? "" : "at most ")\(Int(seconds.rounded(.up))) s ago"
    }
}

extension RunState {
    /// Such as `layer 3, round 2 of 5, 3 of 5 tasks kept`.
    fileprivate func place(of history: RunHistory) -> String {
        guard phase == .running, history.stages.indices.contains(stage) else { return "its data are read and cut anew" }
        let status = history.stages[stage]
        guard opening != nil else { return "\(status.name) is about to begin" }
        guard status.rounds > 1 || !history.isOnce(stage) else {
            return "\(status.name), \(completions.count) of \(taskCount) tasks kept"
        }
        return "\(status.name), round \(min(round, status.rounds)) of \(status.rounds), \(completions.count) of"
            + " \(taskCount) tasks kept"
    }
}
