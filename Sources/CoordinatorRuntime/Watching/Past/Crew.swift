import Coordination
import RunProtocol
import RunStore

/// What people want to know of workers, beyond what decisions need: what they have done, and who is gone. It is kept on the
/// disk, so a worker that comes back after a restart of the coordinator is the same one.
struct Crew {
    private struct Member {
        var known: RunStore.KnownWorker
        var quarantine: String?
    }

    private var members: [WorkerID: Member] = [:]
    /// Those of which nothing has been heard since the coordinator was started.
    private var unheard: Set<WorkerID> = []
    /// Of whom there is more to write down than was written, and who is to be written of no more.
    private var unwritten: Set<WorkerID> = []
    private var unwrittenForgotten: Set<WorkerID> = []
    /// Who is spoken of no more, and at which change; a few of them.
    private var forgotten: [(worker: WorkerID, change: Int)] = []
    /// A client that has seen less must begin anew.
    private(set) var forgottenBefore = 0

    init() {}

    /// - Parameter known: as they were kept.
    init(_ known: [RunStore.KnownWorker]) {
        members = Dictionary(known.map { ($0.worker, Member(known: $0)) }) { $1 }
        unheard = Set(known.filter { $0.gone == nil }.map(\.worker))
    }

    /// A process registered; perhaps it was there before.
    /// - Parameter time: seconds since 1970, as all times here.
    mutating func joined(_ worker: WorkerID, _ registration: WorkerRegistration, at time: Double) {
        var shown = registration
        // Nobody else may know it.
        shown.nonce = ""
        let former = members[worker]?.known
        let known = RunStore.KnownWorker(
            worker: worker, process: registration.process, registration: shown, joinedAt: former?.joinedAt ?? time,
            heardAt: time, record: former?.record ?? WorkerRecord(), gone: nil)
        members[worker] = Member(known: known)
        unheard.remove(worker)
        unwritten.insert(worker)
        unwrittenForgotten.remove(worker)
    }

    /// - Parameter gone: how: `lost` or `left`.
    mutating func isGone(
        _ worker: WorkerID, _ gone: WorkerStatus.State, quarantine: String? = nil, heardAt time: Double? = nil,
        change: Int
    ) {
        guard members[worker] != nil else { return }
        members[worker]?.known.gone = gone
        members[worker]?.quarantine = quarantine
        if let time { members[worker]?.known.heardAt = time }
        unheard.remove(worker)
        unwritten.insert(worker)
        let all = members.values.filter { $0.known.gone != nil }.map(\.known)
        guard all.count > Limits.lostWorkers else { return }
        let oldest = all.sorted { ($0.heardAt, $0.worker.rawValue) < ($1.heardAt, $1.worker.rawValue) }
        forget(oldest.prefix(all.count - Limits.lostWorkers).map(\.worker), change: change)
    }

    /// Those that were there before the coordinator was started, and have not come back.
    var notComeBack: [RunStore.KnownWorker] {
        unheard.sorted { $0.rawValue < $1.rawValue }.compactMap { members[$0]?.known }
    }

    /// What has come up since this was called last, to be written down.
    /// - Parameter heardAt: when a worker that is there was heard last; nil where it is not.
    func changes(heardAt: (WorkerID) -> Double?) -> (
        workers: [WorkerID: RunStore.KnownWorker], forgotten: Set<WorkerID>
    ) {
        let workers = unwritten.compactMap { members[$0]?.known }.map { known in
            var known = known
            known.heardAt = heardAt(known.worker) ?? known.heardAt
            return (known.worker, known)
        }
        return (Dictionary(workers) { $1 }, unwrittenForgotten)
    }

    mutating func changesWritten() { (unwritten, unwrittenForgotten) = ([], []) }

    /// That they are there is to be written down again.
    mutating func areStillThere(_ workers: some Sequence<WorkerID>) { unwritten.formUnion(workers) }

    private mutating func forget(_ workers: [WorkerID], change: Int) {
        for worker in workers {
            members[worker] = nil
            unwritten.remove(worker)
            unwrittenForgotten.insert(worker)
            forgotten.append((worker, change))
        }
        guard forgotten.count > 2 * Limits.lostWorkers else { return }
        forgottenBefore = forgotten[Limits.lostWorkers - 1].change
        forgotten.removeFirst(Limits.lostWorkers)
    }

    func forgotten(after change: Int) -> [WorkerID] { forgotten.filter { $0.change > change }.map(\.worker) }

    /// Notes what came of a worker's task.
    mutating func note(_ worker: WorkerID, _ change: (inout WorkerRecord) -> Void) {
        guard members[worker] != nil else { return }
        change(&members[worker]!.known.record)
        unwritten.insert(worker)
    }

    /// A worker's answer counts.
    mutating func answered(_ worker: WorkerID, _ task: TaskDescription, _ figures: TaskFigures) {
        note(worker) { record in
            record.tasksDone += 1
            guard case .train(let work) = task.work, work.returned == .change else { return }
            record.samples += figures.samples
            guard figures.seconds > 0 else { return }
            let speed = Double(figures.samples) / figures.seconds
            record.samplesPerSecond = speed
            record.gigaflops = speed * work.graph.trainingOperations(trained: work.settings.trained) / 1e9
        }
    }

    /// - Parameters:
    ///   - now: on the clock of `cluster`.
    ///   - time: the same in seconds since 1970.
    /// - Returns: all that are there and those that are gone, by name.
    func statuses(of cluster: Cluster, now: Instant, time: Double) -> [WorkerStatus] {
        var (tasks, stalled): ([WorkerID: [TaskID]], Set<WorkerID>) = ([:], cluster.unavailable)
        for (task, claims) in cluster.leases {
            for claim in claims {
                tasks[claim.worker, default: []].append(task)
                if cluster.isStalled(claim, now: now) { stalled.insert(claim.worker) }
            }
        }
        return members.sorted { $0.key.rawValue < $1.key.rawValue }.map { id, member in
            let there = cluster.workers[id]
            let quarantine = there?.quarantine ?? member.quarantine
            let tasks = (tasks[id] ?? []).sorted { $0.description < $1.description }
            let silence = there.map { Double(now.milliseconds - $0.lastHeard.milliseconds) / 1000 }
            let state: WorkerStatus.State =
                if let gone = member.known.gone {
                    gone
                } else if quarantine != nil {
                    .quarantined
                } else if cluster.isSilent(id, now: now) {
                    .silent
                } else if stalled.contains(id) {
                    .stalled
                } else {
                    tasks.isEmpty ? .idle : .working
                }
            return WorkerStatus(
                worker: id, registration: member.known.registration, state: state, joinedAt: member.known.joinedAt,
                secondsSinceHeard: silence ?? max(0, time - member.known.heardAt), tasks: tasks,
                quarantine: quarantine, trouble: there?.trouble, record: member.known.record)
        }
    }
}
