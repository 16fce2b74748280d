package import RunProtocol

/// Something that the shell around `Cluster` must do, and why: the reason is logged.
package struct Decision: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        /// Write the fact down durably, before anything that follows from it is answered.
        case record(RunEvent, of: RunID)
        /// Write down that a process gets no more tasks.
        case quarantine(Quarantine)
        /// Compute something; `Cluster.stepFinished` takes what came of it.
        case perform(RunState.Step, of: RunID)
        /// There may be a task for requests that wait for one.
        case wakeWaitingSlots
        /// Nothing, but to be shown to people. Nil: it concerns all runs.
        case tell(Notice, about: RunID?)
    }

    package let action: Action
    package let reason: String

    package init(_ action: Action, because reason: String) { (self.action, self.reason) = (action, reason) }
}

/// A point in time: milliseconds of a clock that never goes back.
package struct Instant: Hashable, Sendable, Comparable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }
    package static func < (left: Instant, right: Instant) -> Bool { left.milliseconds < right.milliseconds }

    package static func + (instant: Instant, milliseconds: Int64) -> Instant {
        Instant(milliseconds: instant.milliseconds + milliseconds)
    }
}

/// How long things last, in milliseconds.
package struct ClusterTimes: Hashable, Sendable {
    /// A lease lasts this long beyond the last heartbeat that named its task.
    package var leaseMilliseconds: Int64
    /// A worker that has been silent for this long is forgotten.
    package var workerMilliseconds: Int64
    /// A worker that is heard and has not got on with a task for this long is stalled.
    package var stallMilliseconds: Int64

    /// - Parameters:
    ///   - workerMilliseconds: nil for four leases, and a quarter of a minute at least.
    ///   - stallMilliseconds: nil for the same.
    package init(
        leaseMilliseconds: Int64 = 15_000, workerMilliseconds: Int64? = nil, stallMilliseconds: Int64? = nil
    ) {
        let fourLeases = max(15_000, 4 * leaseMilliseconds)
        self.leaseMilliseconds = leaseMilliseconds
        self.workerMilliseconds = workerMilliseconds ?? fourLeases
        self.stallMilliseconds = stallMilliseconds ?? fourLeases
    }

    /// Workers say this often how far they are.
    package var heartbeatMilliseconds: Int64 { leaseMilliseconds / 5 }
}
