import Coordination
import RunProtocol

/// A worker process with one slot: what it knows, and how it behaves.
struct SimulatedWorker {
    enum Phase: Hashable {
        /// Waits for the answer to a request, which may never come.
        case registering, asking
        case computing(TaskDescription, since: Int64, until: Int64)
        case delivering(TaskDescription)
        case resting
    }

    /// What its host makes of tasks.
    struct Nature: Hashable {
        var millisecondsPerTask: Int64 = 5_000
        /// Its answers cannot be used.
        var isLiar = false
        /// Its answers look well and are wrong.
        var isWrong = false
        /// It says of all tasks that they diverge or failed.
        var isBroken = false
        /// It has not the memory for training tasks.
        var isSmall = false
        /// It goes on when it is quarantined.
        var isStubborn = false
        /// When it hangs, it does so until it is killed.
        var hangsForEver = false

        /// Whether nothing is wrong with it: it must never be quarantined.
        var isHonest: Bool { !isLiar && !isWrong }
    }

    let nature: Nature
    /// Which process it is: another after it was killed.
    var life = 0
    var name: WorkerID?
    var phase = Phase.resting
    /// The proof that it was given its task.
    var token = Token.none
    /// When the request that it waits for is sent again.
    var retryAt: Int64 = 0
    var pausedUntil: Int64 = 0
    /// It does not get on with its task, and sends heartbeats all the while.
    var hangsUntil: Int64 = 0
    /// Since when it has had a result that has not got through.
    var deliversSince: Int64?
    /// Something between it and the coordinator lets everything through but results.
    var blockedUntil: Int64 = 0
    /// No answer reaches it; no request leaves it.
    var deafUntil: Int64 = 0
    var muteUntil: Int64 = 0

    init(_ nature: Nature) { self.nature = nature }

    var task: TaskDescription? {
        switch phase {
        case .computing(let task, _, _), .delivering(let task): task
        case .registering, .asking, .resting: nil
        }
    }

    var isDelivering: Bool { if case .delivering = phase { true } else { false } }

    /// How much of its task is done: while it hangs it says nothing new.
    func share(now: Int64) -> Double {
        guard case .computing(_, let since, let until) = phase, until > since else { return 1 }
        return hangsUntil > now ? 0 : min(1, Double(now - since) / Double(until - since))
    }
}

/// What stands for a signed token: who got which task.
enum Token: Hashable {
    case none
    case given(TaskID, process: String)

    func proves(_ task: TaskID, _ process: String) -> Bool { self == .given(task, process: process) }
}

enum Request {
    case register
    case lease(WorkerID)
    /// With what keeps it from delivering.
    case heartbeat(WorkerID, [TaskProgress], Token, trouble: String?)
    case leave(WorkerID)
    case release(WorkerID, TaskID, TaskRelease.Reason?, Token)
    /// Nil: what the worker sends cannot be used.
    case deliver(WorkerID, TaskDescription, TaskCompletion?, Token)
}

enum Answer {
    case welcome(WorkerID)
    case task(TaskDescription?, Token)
    case abandon([TaskID])
    /// The worker is done with the task, whatever came of it.
    case receipt(TaskID)
    case stranger
    case quarantined
}
