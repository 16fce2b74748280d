package import RunProtocol

/// A worker's claim on a task.
package struct Lease: Hashable, Sendable {
    package let worker: WorkerID
    package let since: Instant
    /// It began with the task's beginning: how long it lasts says how long the task takes.
    let isWhole: Bool
    /// It lasts until then, unless a heartbeat prolongs it.
    package var deadline: Instant
    /// How much of the task is done, 0 ... 1, and when that was last heard to have grown.
    package private(set) var share = 0.0
    private var shareSince: Instant

    init(worker: WorkerID, since: Instant, deadline: Instant, isWhole: Bool) {
        self.worker = worker
        self.since = since
        self.isWhole = isWhole
        self.deadline = deadline
        shareSince = since
    }

    mutating func heard(share: Double, now: Instant) {
        guard share.isFinite, share > self.share else { return }
        self.share = min(share, 1)
        shareSince = now
    }

    /// How many milliseconds the worker still needs.
    ///
    /// - Parameter expected: how long it takes for a task of this kind; nil where that is not known.
    /// - Returns: by its own pace where it has said how far it is, else by `expected`. One that says nothing new for long
    ///   needs longer and longer. Nil where nothing is known.
    func millisecondsLeft(expected: Int64?, now: Instant) -> Int64? {
        let silent = now.milliseconds - shareSince.milliseconds
        let spent = shareSince.milliseconds - since.milliseconds
        if share > 0, spent > 0 {
            // A worker may speak of any share, however small.
            let left = Int64(min(Double(spent) * (1 - share) / share, 0x1p52))
            return silent <= left ? left - silent : silent
        }
        return expected.map { silent <= $0 ? $0 - silent : silent }
    }
}
