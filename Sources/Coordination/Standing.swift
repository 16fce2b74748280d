package import RunProtocol

/// Whether what a worker says of a task is heard.
package enum Standing: Hashable, Sendable {
    case good
    /// No worker has this name: the coordinator was restarted, or it never had it.
    case stranger
    case quarantined(reason: String)
    /// Its process was not given the task.
    case unproven
}

extension Cluster {
    /// - Parameter isProven: whether the token that came along was made for this process and the task.
    package func standing(of worker: WorkerID, isProven: (_ process: String) -> Bool) -> Standing {
        guard let known = workers[worker] else { return .stranger }
        if let reason = known.quarantine { return .quarantined(reason: reason) }
        return isProven(known.process) ? .good : .unproven
    }
}

/// A process that gets no more tasks: a durable fact, which holds after a restart and under a new name.
package struct Quarantine: Hashable, Sendable {
    package var process: String
    /// The name that it had.
    package var worker: WorkerID
    package var host: String
    package var reason: String

    package init(process: String, worker: WorkerID, host: String, reason: String) {
        self.process = process
        self.worker = worker
        self.host = host
        self.reason = reason
    }
}
