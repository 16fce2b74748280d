import RunProtocol

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
