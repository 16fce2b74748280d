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

    /// Which process it is: another after it was killed.
    let life: Int
    var name: WorkerID?
    var phase = Phase.resting
    /// When the request that it waits for is sent again.
    var retryAt: Int64 = 0
    var pausedUntil: Int64 = 0
    /// No answer reaches it; no request leaves it.
    var deafUntil: Int64 = 0
    var muteUntil: Int64 = 0
    let millisecondsPerTask: Int64
    let isLiar: Bool
    let isWrong: Bool

    init(millisecondsPerTask: Int64, isLiar: Bool = false, isWrong: Bool = false, life: Int = 0) {
        self.millisecondsPerTask = millisecondsPerTask
        self.isLiar = isLiar
        self.isWrong = isWrong
        self.life = life
    }

    var task: TaskDescription? {
        switch phase {
        case .computing(let task, _, _), .delivering(let task): task
        case .registering, .asking, .resting: nil
        }
    }

    /// How much of its task is done.
    func share(now: Int64) -> Double {
        guard case .computing(_, let since, let until) = phase, until > since else { return 1 }
        return min(1, Double(now - since) / Double(until - since))
    }
}

enum Request {
    case register
    case lease(WorkerID)
    case heartbeat(WorkerID, [TaskProgress])
    /// Nil: what the worker sends cannot be used.
    case deliver(WorkerID, TaskDescription, TaskCompletion?)
}

enum Answer {
    case welcome(WorkerID)
    case task(TaskDescription?)
    case abandon([TaskID])
    /// The worker is done with the task, whatever came of it.
    case receipt(TaskID, UpdateReceipt.Verdict?)
    case stranger
    case quarantined
}
