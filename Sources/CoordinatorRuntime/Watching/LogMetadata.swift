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

extension RunState.Step {
    /// For logs.
    var name: String {
        switch self {
        case .prepareData: "to read and cut the data"
        case .openStage(let stage): "to open stage \(stage)"
        case .average: "to average"
        case .finishStage: "to end the stage"
        case .export: "to export"
        case .waitForTasks: "to wait"
        }
    }
}

extension RunEvent {
    /// For logs.
    var name: String {
        switch self {
        case .dataPrepared(let manifest): "data read and cut into \(manifest.blobs.count) blobs"
        case .stageOpened(let opening): "stage \(opening.stage) opened"
        case .taskFinished(let completion): "\(completion.task) done"
        case .attemptFailed(let attempt): "\(attempt.task) failed with \(attempt.worker)"
        case .answerRefused(let attempt): "\(attempt.worker)'s answer to \(attempt.task) refused"
        case .answerWitnessed(let witness): "\(witness.worker) answered \(witness.completion.task)"
        case .answerContradicted(let attempt): "\(attempt.worker)'s answer to \(attempt.task) contradicted"
        case .roundClosed(let closing): "round \(closing.round) of stage \(closing.stage) averaged"
        case .stageFinished(let ending): "stage \(ending.stage) finished"
        case .finished: "finished"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }

    /// Worth a line in an ordinary log.
    var isMilestone: Bool {
        switch self {
        case .taskFinished, .answerWitnessed: false
        default: true
        }
    }

    /// The blobs that the fact names.
    var blobs: [Digest] {
        switch self {
        case .stageOpened(let opening): opening.weights + [opening.frozen].compactMap { $0 }
        case .roundClosed(let closing): [closing.weights, closing.momentum].compactMap { $0 }
        case .taskFinished(let completion): [completion.update]
        case .finished(let exports): exports.map(\.digest)
        case .dataPrepared(let manifest): manifest.blobs
        case .answerWitnessed(let witness): [witness.completion.update]
        case .attemptFailed, .answerRefused, .answerContradicted, .stageFinished, .failed, .cancelled: []
        }
    }
}
