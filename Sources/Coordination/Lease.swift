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
    /// How often the worker has got on with it, where it says so, and when it last did.
    private var activity = 0
    package private(set) var movedAt: Instant
    /// Whether it has been told that the worker does not get on.
    package internal(set) var isToldStalled = false
    /// Whether it has been so for so long that nothing is expected of the worker any more.
    package internal(set) var isGivenUp = false

    init(worker: WorkerID, since: Instant, deadline: Instant, isWhole: Bool) {
        (self.worker, self.since, self.isWhole, self.deadline) = (worker, since, isWhole, deadline)
        shareSince = since
        movedAt = since
    }

    mutating func heard(_ progress: TaskProgress, now: Instant) {
        if let activity = progress.activity, activity > self.activity {
            self.activity = activity
            movedAt = now
        }
        guard progress.share.isFinite, progress.share > share else { return }
        share = min(progress.share, 1)
        shareSince = now
        movedAt = now
    }

    /// Whether the worker goes on claiming the task and has not got on with it for so long.
    func isStalled(now: Instant, after milliseconds: Int64) -> Bool { movedAt + milliseconds < now }

    /// How much of the task is done by now, 0 ... 1, where heartbeats are seldom.
    func likelyShare(expected: Int64?, now: Instant) -> Double {
        guard let left = millisecondsLeft(expected: expected, now: now) else { return share }
        let spent = Double(max(0, now.milliseconds - since.milliseconds))
        return max(share, spent > 0 ? spent / (spent + Double(max(0, left))) : 0)
    }

    /// How many milliseconds the worker still needs.
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
