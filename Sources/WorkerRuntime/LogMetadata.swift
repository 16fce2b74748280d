import Logging
import RunProtocol

/// What a log's line is about, for logs that programs read.
extension Logger.Metadata {
    static func about(_ worker: WorkerID) -> Logger.Metadata { ["worker": .string(worker.rawValue)] }

    static func about(_ task: TaskID, _ worker: WorkerID) -> Logger.Metadata {
        [
            "run": .string(task.run.rawValue), "stage": .stringConvertible(task.stage),
            "round": .stringConvertible(task.round), "task": .string(task.description),
            "worker": .string(worker.rawValue),
        ]
    }
}
