package import RunProtocol

/// Something that people are told and that no run's state depends on: it is logged, and kept in the journals of runs.
package enum Notice: Hashable, Sendable {
    /// - Parameter host: nil where no such worker is there any more.
    case workerQuarantined(WorkerID, host: String?)
    case workerLost(WorkerID, host: String)
    case workerLeft(WorkerID, host: String)
    case workerInTrouble(WorkerID, host: String)
    case workerOutOfTrouble(WorkerID, host: String)
    /// Others have done what the worker gave back as diverged.
    case workerMistrusted(WorkerID, host: String)
    case workerLacksMemory(WorkerID, host: String, TaskID)

    case taskLeased(TaskID, to: WorkerID)
    case leaseExpired(TaskID, of: WorkerID)
    case taskStalled(TaskID, with: WorkerID, host: String)
    case taskMovesAgain(TaskID, with: WorkerID)

    case runPaused
    case runResumed
    case runWaitsForMemory
    /// An earlier run has a plan of the same name from the same folder.
    case runStartedBeside(RunID)

    /// Nothing can be written down.
    case everythingPaused
    case everythingResumed
    case coordinatorRestarted
    case coordinatorStops
}

/// The only place where a notice becomes English: nothing that decides may read it.
extension Notice: CustomStringConvertible {
    /// What happened, without the reason.
    package var description: String {
        switch self {
        case .workerQuarantined(let worker, let host): "\(worker)\(host.map { " on \($0)" } ?? "") gets no more tasks"
        case .workerLost(let worker, let host): "\(worker) on \(host) is taken for lost"
        case .workerLeft(let worker, let host): "\(worker) on \(host) has left"
        case .workerInTrouble(let worker, let host): "\(worker) on \(host) is in trouble"
        case .workerOutOfTrouble(let worker, let host): "\(worker) on \(host) goes on"
        case .workerMistrusted(let worker, let host): "\(worker) on \(host) is asked last from now on"
        case .workerLacksMemory(let worker, let host, let task): "\(worker) on \(host) cannot do \(task)"
        case .taskLeased(let task, let worker): "\(worker) has \(task)"
        case .leaseExpired(let task, let worker): "\(worker) has lost \(task)"
        case .taskStalled(let task, let worker, let host): "\(worker) on \(host) is stalled with \(task)"
        case .taskMovesAgain(let task, let worker): "\(worker) gets on with \(task) again"
        case .runPaused: "the run is paused"
        case .runResumed: "the run goes on"
        case .runWaitsForMemory: "the run waits for a worker with more memory"
        case .runStartedBeside(let run): "started beside \(run)"
        case .everythingPaused: "everything is paused"
        case .everythingResumed: "everything goes on"
        case .coordinatorRestarted: "the coordinator was started again"
        case .coordinatorStops: "the coordinator stops"
        }
    }
}
