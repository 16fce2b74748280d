import Coordination
import RunProtocol

/// What people want to know of workers, beyond what decisions need: what they have done, and who is gone.
struct Crew {
    private struct Member {
        /// Without its nonce, which nobody else may know.
        var registration: WorkerRegistration
        var process: String
        /// Seconds since 1970.
        var joinedAt: Double
        var record = WorkerRecord()
        /// When it was heard last, where it is gone.
        var goneSince: Instant?
        var quarantine: String?
    }

    private var members: [WorkerID: Member] = [:]
    /// Who is spoken of no more, and at which change; a few of them.
    private var forgotten: [(worker: WorkerID, change: Int)] = []
    /// Whoever has seen less must begin anew.
    private(set) var forgottenBefore = 0

    mutating func joined(_ worker: WorkerID, _ registration: WorkerRegistration, at time: Double, change: Int) {
        // The same process under another name: it was silent for a while.
        let former = members.filter { id, member in
            member.goneSince != nil && member.process == registration.process
        }
        forget(former.keys.sorted { $0.rawValue < $1.rawValue }, change: change)
        var shown = registration
        shown.nonce = ""
        members[worker] = Member(registration: shown, process: registration.process, joinedAt: time)
    }

    mutating func left(_ worker: WorkerID, _ known: Cluster.Worker, change: Int) {
        members[worker]?.goneSince = known.lastHeard
        members[worker]?.quarantine = known.quarantine
        let gone = members.compactMap { id, member in member.goneSince.map { (id: id, since: $0) } }
        guard gone.count > Limits.lostWorkers else { return }
        let oldest = gone.sorted { ($0.since, $0.id.rawValue) < ($1.since, $1.id.rawValue) }
        forget(oldest.prefix(gone.count - Limits.lostWorkers).map(\.id), change: change)
    }

    private mutating func forget(_ workers: [WorkerID], change: Int) {
        for worker in workers {
            members[worker] = nil
            forgotten.append((worker, change))
        }
        guard forgotten.count > 2 * Limits.lostWorkers else { return }
        forgottenBefore = forgotten[Limits.lostWorkers - 1].change
        forgotten.removeFirst(Limits.lostWorkers)
    }

    func forgotten(after change: Int) -> [WorkerID] {
        forgotten.filter { $0.change > change }.map(\.worker)
    }

    /// Notes what came of a worker's task.
    mutating func note(_ worker: WorkerID, _ change: (inout WorkerRecord) -> Void) {
        guard members[worker] != nil else { return }
        change(&members[worker]!.record)
    }

    /// A worker's answer counts.
    mutating func answered(_ worker: WorkerID, _ task: TaskDescription, _ figures: TaskFigures) {
        note(worker) { record in
            record.tasksDone += 1
            guard case .pretrain(let work) = task.work else { return }
            record.samples += figures.samples
            guard figures.seconds > 0 else { return }
            let speed = Double(figures.samples) / figures.seconds
            let layers = work.layer..<work.layer + work.decoders.count
            record.samplesPerSecond = speed
            record.gigaflops =
                speed * work.network.trainingOperations(ofLayers: layers, frozenEncoders: work.frozenEncoders) / 1e9
        }
    }

    /// - Parameters:
    ///   - tasks: what each worker has.
    ///   - now: on the clock of `workers`.
    /// - Returns: all that are there and those that are gone, by name.
    func statuses(of workers: [WorkerID: Cluster.Worker], tasks: [WorkerID: [TaskID]], now: Instant) -> [WorkerStatus] {
        members.sorted { $0.key.rawValue < $1.key.rawValue }.map { id, member in
            let quarantine = workers[id]?.quarantine ?? member.quarantine
            let tasks = (tasks[id] ?? []).sorted { $0.description < $1.description }
            let heard = member.goneSince ?? workers[id]?.lastHeard ?? now
            let state: WorkerStatus.State =
                if member.goneSince != nil { .lost } else if quarantine != nil { .quarantined } else {
                    tasks.isEmpty ? .idle : .working
                }
            return WorkerStatus(
                worker: id, registration: member.registration, state: state, joinedAt: member.joinedAt,
                secondsSinceHeard: Double(now.milliseconds - heard.milliseconds) / 1000, tasks: tasks,
                quarantine: quarantine, record: member.record)
        }
    }
}
