import RunProtocol

/// How long tasks take, learnt from those that were answered: nothing is guessed beforehand.
struct TaskDurations: Sendable {
    /// Tasks that cost about the same.
    struct Kind: Hashable {
        let run: RunID
        let stage: Int
        let part: RunState.TaskPart
    }

    /// So many of a worker's last tasks are looked at.
    private static let memory = 5
    /// Milliseconds, by worker.
    private var recent: [Kind: [WorkerID: [Int64]]] = [:]

    mutating func add(_ milliseconds: Int64, _ kind: Kind, by worker: WorkerID) {
        recent[kind, default: [:]][worker, default: []].append(milliseconds)
        if let count = recent[kind]?[worker]?.count, count > Self.memory { recent[kind]?[worker]?.removeFirst() }
    }

    /// How long `worker` will take: the median of its last tasks of this kind; where it has done none, the median over the
    /// other workers'. Nil where nobody has done any.
    func expected(_ kind: Kind, by worker: WorkerID) -> Int64? {
        guard let known = recent[kind] else { return nil }
        return (known[worker] ?? known.values.compactMap(\.median)).median
    }

    /// Of the fastest worker.
    func fastest(_ kind: Kind) -> Int64? {
        recent[kind]?.values.compactMap(\.median).min()
    }

    mutating func forget(_ run: RunID) {
        recent = recent.filter { $0.key.run != run }
    }
}

extension [Int64] {
    /// Of an even number the greater one in the middle; nil where there is none.
    fileprivate var median: Int64? { isEmpty ? nil : sorted()[count / 2] }
}
