import RunProtocol

/// How long tasks take, learnt from those that were answered: nothing is guessed beforehand.
struct TaskDurations: Sendable {
    /// Tasks that cost about the same.
    struct Kind: Hashable {
        let run: RunID
        let stage: Int
        let part: RunState.TaskPart
    }

    /// Milliseconds of one kind's tasks. Medians are kept, since every slot that waits asks for them.
    private struct Known {
        var recent: [WorkerID: [Int64]] = [:]
        var medians: [WorkerID: Int64] = [:]
        /// Over the workers.
        var median: Int64?
        var fastest: Int64?
    }

    /// So many of a worker's last tasks are looked at.
    private static let memory = 5
    private var known: [Kind: Known] = [:]

    mutating func add(_ milliseconds: Int64, _ kind: Kind, by worker: WorkerID) {
        var new = known[kind] ?? Known()
        let recent = ((new.recent[worker] ?? []) + [milliseconds]).suffix(Self.memory)
        new.recent[worker] = Array(recent)
        new.medians[worker] = Array(recent).median
        new.median = Array(new.medians.values).median
        new.fastest = new.medians.values.min()
        known[kind] = new
    }

    /// How long `worker` will take: the median of its last tasks of this kind; where it has done none, the median over the
    /// other workers'. Nil where nobody has done any.
    func expected(_ kind: Kind, by worker: WorkerID) -> Int64? {
        known[kind].flatMap { $0.medians[worker] ?? $0.median }
    }

    /// Of the fastest worker.
    func fastest(_ kind: Kind) -> Int64? { known[kind]?.fastest }
    mutating func forget(_ run: RunID) { known = known.filter { $0.key.run != run } }
}

extension [Int64] {
    /// Of an even number the greater one in the middle; nil where there is none.
    fileprivate var median: Int64? { isEmpty ? nil : sorted()[count / 2] }
}

/// Which worker read each of a run's sample sets last: it has the samples, and from the second layer on the codes that the
/// layers below make of them. Nothing of it is durable: another worker fetches and computes them again.
///
/// Sets are shards, by their places, and the held-out samples after them.
struct SampleHolders: Hashable, Sendable {
    private var holders: [Int: WorkerID] = [:]
    private var sets: [WorkerID: Set<Int>] = [:]

    mutating func read(_ set: Int, by worker: WorkerID) {
        if let former = holders.updateValue(worker, forKey: set), former != worker {
            sets[former]?.remove(set)
            if sets[former]?.isEmpty == true { sets[former] = nil }
        }
        sets[worker, default: []].insert(set)
    }

    func holder(of set: Int) -> WorkerID? { holders[set] }
    func sets(of worker: WorkerID) -> Set<Int> { sets[worker] ?? [] }
}
