/// What a worker says of itself when it joins. `POST /v1/workers`
package struct WorkerRegistration: Codable, Hashable, Sendable {
    package var protocolVersion: Int
    package var host: String
    package var processID: Int
    /// A random text that the process keeps to itself: it says that later messages are its own, and tells it from an
    /// earlier process with the same number.
    package var nonce: String
    package var slots: Int
    /// The program's version and the instruction set that its kernels use, for people.
    package var version: String
    package var instructionSet: String

    package init(
        protocolVersion: Int = ProtocolVersion.current, host: String, processID: Int,
        nonce: String = WorkerRegistration.freshNonce(), slots: Int, version: String, instructionSet: String
    ) {
        (self.protocolVersion, self.host, self.processID, self.nonce) = (protocolVersion, host, processID, nonce)
        (self.slots, self.version, self.instructionSet) = (slots, version, instructionSet)
    }

    /// 32 hexadecimal digits that nobody can guess.
    package static func freshNonce() -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: (0..<32).map { _ in digits[Int.random(in: 0..<16)] }, as: UTF8.self)
    }

    /// What stays the same when a worker registers again, and is another for a process that is started again. It does not
    /// tell the nonce.
    package var process: String { Digest(of: Array("\(host)\n\(processID)\n\(nonce)".utf8)).hex }
}

/// The answer to a registration.
package struct WorkerWelcome: Codable, Hashable, Sendable {
    package var worker: WorkerID
    /// How often the worker should send a heartbeat.
    package var heartbeatSeconds: Double

    package init(worker: WorkerID, heartbeatSeconds: Double) {
        (self.worker, self.heartbeatSeconds) = (worker, heartbeatSeconds)
    }
}

/// A slot's wish for a task. `POST /v1/leases`: 200 with a `TaskLease`, or 204 when none came up in `waitSeconds`.
package struct LeaseRequest: Codable, Hashable, Sendable {
    package var worker: WorkerID
    /// That of its registration.
    package var nonce: String
    /// How long the coordinator may hold the request, at most `Limits.longPollSeconds`.
    package var waitSeconds: Double

    package init(worker: WorkerID, nonce: String, waitSeconds: Double) {
        (self.worker, self.nonce, self.waitSeconds) = (worker, nonce, waitSeconds)
    }
}

/// A worker's claim on a task. It lasts as long as heartbeats name it, and `leaseSeconds` beyond the last.
package struct TaskLease: Codable, Hashable, Sendable {
    package var task: TaskDescription
    /// Goes along with all that the worker says of the task.
    package var token: LeaseToken
    package var leaseSeconds: Double

    package init(task: TaskDescription, token: LeaseToken, leaseSeconds: Double) {
        (self.task, self.token, self.leaseSeconds) = (task, token, leaseSeconds)
    }
}

/// "I am alive and working on these, and on no others." `POST /v1/heartbeats`
package struct Heartbeat: Codable, Hashable, Sendable {
    package var worker: WorkerID
    /// That of its registration.
    package var nonce: String
    package var tasks: [TaskProgress]
    /// What keeps it from working or from delivering a result, for people; nil where nothing does.
    package var trouble: String?

    package init(worker: WorkerID, nonce: String, tasks: [TaskProgress], trouble: String? = nil) {
        (self.worker, self.nonce, self.tasks, self.trouble) = (worker, nonce, tasks, trouble)
    }
}

/// How far a worker is with a task.
package struct TaskProgress: Codable, Hashable, Sendable {
    package var task: TaskID
    /// From its lease.
    package var token: LeaseToken
    /// Of the task's steps, 0 ... 1: 0 while its data are being fetched.
    package var share: Double
    /// Goes up as long as the worker gets on with it in any way, such as by bytes that it fetches; nil where it does not
    /// say.
    package var activity: Int?

    package init(task: TaskID, token: LeaseToken, share: Double, activity: Int? = nil) {
        (self.task, self.token, self.share, self.activity) = (task, token, share, activity)
    }
}

/// A worker ends by itself. `POST /v1/workers/WORKER/leave`
package struct WorkerLeave: Codable, Hashable, Sendable {
    /// That of its registration.
    package var nonce: String

    package init(nonce: String) { self.nonce = nonce }
}

/// The answer to a heartbeat.
package struct HeartbeatReply: Codable, Hashable, Sendable {
    /// Tasks that the worker should stop: their run was cancelled, or another worker has answered.
    package var abandon: [TaskID]

    package init(abandon: [TaskID]) { self.abandon = abandon }
}

/// The answer to an update. `PUT /v1/tasks/TASK/update?worker=WORKER`, with the header `Content-Digest`
/// (RFC 9530: `sha-256=:BASE64:`) and `Cairn-Lease`, the lease's token.
package struct UpdateReceipt: Codable, Hashable, Sendable {
    package enum Verdict: String, Codable, Sendable {
        case accepted
        /// The task had been answered before; nothing was changed.
        case duplicate
        /// The task's round or run is over; nothing was changed.
        case late
    }

    package var verdict: Verdict

    package init(verdict: Verdict) { self.verdict = verdict }
}
