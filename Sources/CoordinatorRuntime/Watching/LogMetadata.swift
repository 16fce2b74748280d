import Coordination
import Logging
import RunProtocol

/// What a log's line is about, for logs that programs read.
extension Logger.Metadata {
    static func about(_ run: RunID?) -> Logger.Metadata { run.map { ["run": .string($0.rawValue)] } ?? [:] }

    static func about(_ worker: WorkerID) -> Logger.Metadata { ["worker": .string(worker.rawValue)] }

    static func about(_ task: TaskID, _ worker: WorkerID? = nil) -> Logger.Metadata {
        var metadata = about(task.run, stage: task.stage, round: task.round)
        metadata["task"] = .string(task.description)
        metadata["worker"] = worker.map { .string($0.rawValue) }
        return metadata
    }

    /// - Parameter stage: from 0, as in a task's name; rounds count from 1.
    fileprivate static func about(_ run: RunID, stage: Int, round: Int? = nil) -> Logger.Metadata {
        var metadata = about(run)
        metadata["stage"] = .stringConvertible(stage)
        metadata["round"] = round.map { .stringConvertible($0) }
        return metadata
    }

    static func about(_ event: RunEvent, of run: RunID) -> Logger.Metadata {
        switch event {
        case .taskFinished(let completion): about(completion.task)
        case .attemptFailed(let attempt), .answerRefused(let attempt), .answerContradicted(let attempt):
            about(attempt.task, attempt.worker)
        case .answerWitnessed(let witness): about(witness.completion.task, witness.worker)
        case .stageOpened(let opening): about(run, stage: opening.stage)
        case .roundClosed(let closing): about(run, stage: closing.stage, round: closing.round)
        case .stageFinished(let ending): about(run, stage: ending.stage)
        case .dataPrepared, .finished, .failed, .cancelled: about(run)
        }
    }
}
