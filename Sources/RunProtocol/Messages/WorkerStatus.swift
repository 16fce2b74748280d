/// A worker as the coordinator knows it.
package struct WorkerStatus: Codable, Hashable, Sendable {
    package enum State: String, Codable, Sendable, CaseIterable {
        case idle, working
        /// It is heard, and does not get on with a task.
        case stalled
        /// It has not been heard for longer than a lease.
        case silent
        /// It gets no more tasks: `quarantine` says why.
        case quarantined
        /// It has not been heard for long, and is taken for gone.
        case lost
        /// It said that it leaves.
        case left

        /// Whether it is there no more.
        package var isGone: Bool { self == .lost || self == .left }
    }

    package var worker: WorkerID
    package var registration: WorkerRegistration
    package var state: State
    /// Seconds since 1970.
    package var joinedAt: Double
    package var secondsSinceHeard: Double
    package var tasks: [TaskID]
    /// Why it gets no more tasks, where it does not.
    package var quarantine: String?
    /// What keeps it from working, such as why its result cannot be delivered.
    package var trouble: String?
    package var record: WorkerRecord

    package init(
        worker: WorkerID, registration: WorkerRegistration, state: State = .idle, joinedAt: Double = 0,
        secondsSinceHeard: Double, tasks: [TaskID] = [], quarantine: String? = nil, trouble: String? = nil,
        record: WorkerRecord = WorkerRecord()
    ) {
        (self.worker, self.registration, self.state, self.joinedAt) = (worker, registration, state, joinedAt)
        (self.secondsSinceHeard, self.tasks, self.quarantine) = (secondsSinceHeard, tasks, quarantine)
        (self.trouble, self.record) = (trouble, record)
    }
}

/// What came of a worker's tasks since it joined.
package struct WorkerRecord: Codable, Hashable, Sendable {
    package var tasksDone = 0
    package var tasksRefused = 0
    /// Given back with a failure.
    package var tasksFailed = 0
    /// Leases that expired.
    package var tasksLost = 0
    /// Trained on, epochs counted each time.
    package var samples = 0
    /// Of its last training task, by one slot, without fetching and sending.
    package var samplesPerSecond: Double?
    /// Floating-point operations of that task's matrix products and convolutions, in 10^9 a second.
    package var gigaflops: Double?

    package init() {}
}
