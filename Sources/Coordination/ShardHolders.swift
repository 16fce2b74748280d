import RunProtocol

/// Which worker trained last on which shard of a run: it has the shard's samples, and from the second layer on the codes
/// that the layers below make of them. Nothing of it is durable: another worker fetches and computes them again.
struct ShardHolders: Hashable, Sendable {
    private var holders: [Int: WorkerID] = [:]
    private var shards: [WorkerID: Set<Int>] = [:]

    mutating func trained(_ worker: WorkerID, on shard: Int) {
        if let former = holders.updateValue(worker, forKey: shard), former != worker {
            shards[former]?.remove(shard)
            if shards[former]?.isEmpty == true { shards[former] = nil }
        }
        shards[worker, default: []].insert(shard)
    }

    func holder(of shard: Int) -> WorkerID? { holders[shard] }

    func shards(of worker: WorkerID) -> Set<Int> { shards[worker] ?? [] }
}
