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

/// What people see of workers and their tasks: noted as it happens, and never asked for a decision.
extension Coordinator {
    private var time: Double { Date().timeIntervalSince1970 }

    func noteLease(of task: TaskID, by worker: WorkerID) {
        entries[task.run]?.timeline?.leased(
            task, to: worker, isBackup: (cluster.leases[task] ?? []).count > 1, at: time, change: nextChange())
    }

    func noteProgress(of heartbeat: Heartbeat, abandoned: [TaskID]) {
        for progress in heartbeat.tasks {
            let (task, worker) = (progress.task, heartbeat.worker)
            // Workers may speak of runs that there are not.
            guard entries[task.run] != nil else { continue }
            guard !abandoned.contains(task) else {
                noteEnd(of: task, with: worker, .needless, because: "another worker answered first, or the run ended")
                continue
            }
            entries[task.run]?.timeline?.progressed(
                task, by: worker, share: progress.share, at: time, change: nextChange())
        }
    }

    func noteSending(of task: TaskID, by worker: WorkerID) {
        entries[task.run]?.timeline?.sending(task, by: worker, at: time, change: nextChange())
    }

    func noteEnd(of task: TaskID, with worker: WorkerID, _ outcome: TaskSpan.Outcome, because reason: String? = nil) {
        let hadTask = entries[task.run]?.timeline?.ended(
            task, with: worker, outcome, because: reason, at: time, change: nextChange())
        guard hadTask == true else { return }
        counters.count(outcome)
        crew.note(worker) { record in
            switch outcome {
            case .refused: record.tasksRefused += 1
            case .failed: record.tasksFailed += 1
            case .lost: record.tasksLost += 1
            case .done, .released, .needless, .unknown: break
            }
        }
    }

    private var timelines: [(run: RunID, timeline: TaskTimeline)] {
        entries.compactMap { run, entry in entry.timeline.map { (run, $0) } }
    }

    /// Of many runs that have ended only the newest keep their spans in memory.
    func forgetOldTimelines() {
        let ended = cluster.runs.filter { $0.phase.isFinal && entries[$0.id]?.timeline != nil }
        for run in ended.dropLast(Limits.endedTimelines) { entries[run.id]?.timeline = nil }
    }

    /// Claims that have ended by themselves, and workers that are gone.
    /// - Parameter before: the workers that there were.
    func noteLost(of before: [WorkerID: Cluster.Worker]) {
        for (run, timeline) in timelines.sorted(by: { $0.run.rawValue < $1.run.rawValue }) {
            for (task, worker) in timeline.openClaims {
                guard cluster.leases[task]?.contains(where: { $0.worker == worker }) != true else { continue }
                let isOver = !cluster.isOpen(task) || cluster.run(run)?.phase.isFinal != false
                if timeline.isUnheard(task, worker) {
                    guard isOver || now.milliseconds > cluster.times.workerMilliseconds else { continue }
                    noteEnd(
                        of: task, with: worker, .unknown,
                        because: "the coordinator was started again, and the worker has not come back to it")
                    continue
                }
                noteEnd(
                    of: task, with: worker, isOver ? .needless : .lost,
                    because: isOver ? "another worker answered first, or the run ended" : "its lease has expired")
            }
        }
        for (worker, known) in before.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where cluster.workers[worker] == nil {
            crew.isGone(
                worker, .lost, quarantine: known.quarantine, heardAt: heardAt(known), change: nextChange())
        }
        guard now.milliseconds > cluster.times.workerMilliseconds else { return }
        for known in crew.notComeBack {
            note(
                .workerLost(known.worker, host: known.registration.host),
                because: "it has not come back since the coordinator was started", about: nil)
            crew.isGone(known.worker, .lost, change: nextChange())
        }
    }

    /// Who does not get on with a task, and who does again.
    func noteStalls() {
        for (task, claims) in cluster.leases {
            for claim in claims {
                let since = cluster.isStalled(claim, now: now) ? heardAt(claim.movedAt) : nil
                entries[task.run]?.timeline?.stalled(task, with: claim.worker, since: since, change: nextChange())
            }
        }
    }

    private func heardAt(_ worker: Cluster.Worker) -> Double { heardAt(worker.lastHeard) }

    /// In seconds since 1970.
    func heardAt(_ instant: Instant) -> Double { time - Double(now.milliseconds - instant.milliseconds) / 1000 }

    /// A worker said that it leaves.
    func noteLeft(_ worker: WorkerID, _ known: Cluster.Worker) {
        for (_, timeline) in timelines {
            for (task, holder) in timeline.openClaims where holder == worker {
                noteEnd(of: task, with: worker, .released, because: "the worker has left")
            }
        }
        crew.isGone(worker, .left, quarantine: known.quarantine, heardAt: time, change: nextChange())
    }

    /// All workers that are there, and those that are gone.
    func workerStatuses() -> [WorkerStatus] { crew.statuses(of: cluster, now: now, time: time) }
}
