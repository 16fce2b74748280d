import Coordination
import FoundationEssentials
import RunProtocol
import RunStore

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
