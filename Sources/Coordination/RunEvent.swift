package import RunProtocol

/// A durable fact of a run. A run's state is its plan and its events, folded in their order: nothing else survives a crash,
/// and nothing else is needed.
package enum RunEvent: Codable, Hashable, Sendable {
    case dataPrepared(DataManifest)
    /// A stage's blobs are there: its tasks can be handed out.
    case stageOpened(StageOpening)
    case taskFinished(TaskCompletion)
    /// A task was given back with a failure: the task may be to blame.
    case attemptFailed(FailedAttempt)
    /// An answer could not be used: its worker is to blame, since workers look at their answers before they send them.
    case answerRefused(FailedAttempt)
    /// An answer that another worker must come to as well before it counts.
    case answerWitnessed(Witness)
    /// Two other workers came to the same, and this one to something else.
    case answerContradicted(FailedAttempt)
    /// All of a round's updates are averaged.
    case roundClosed(RoundClosing)
    case stageFinished(StageEnding)
    case finished(exports: [ExportDescription])
    /// - Parameter cause: nil in what an earlier version wrote.
    case failed(reason: String, cause: RunFailure? = nil)
    case cancelled

    package enum Kind: String, CaseIterable, Sendable {
        case dataPrepared, stageOpened, taskFinished, attemptFailed, answerRefused, answerWitnessed, answerContradicted
        case roundClosed, stageFinished, finished, failed, cancelled
    }

    package var kind: Kind {
        switch self {
        case .dataPrepared: .dataPrepared
        case .stageOpened: .stageOpened
        case .taskFinished: .taskFinished
        case .attemptFailed: .attemptFailed
        case .answerRefused: .answerRefused
        case .answerWitnessed: .answerWitnessed
        case .answerContradicted: .answerContradicted
        case .roundClosed: .roundClosed
        case .stageFinished: .stageFinished
        case .finished: .finished
        case .failed: .failed
        case .cancelled: .cancelled
        }
    }
}

/// What kind of failure ended a run: the reason says it in words, which nothing compares.
package enum RunFailure: String, Codable, Hashable, Sendable {
    /// The training of a task grew out of range with all who tried it.
    case diverged
    case taskFailed
    /// No two workers came to the same answer to a task that two must agree about.
    case workersDisagree
    /// A step of the coordinator, such as cutting the data.
    case stepFailed
}

/// What a stage starts from.
package struct StageOpening: Codable, Hashable, Sendable {
    package var stage: Int
    /// Weights that stay as they are; nil where there are none.
    package var frozen: Digest?
    /// Where its first round starts; of a stage that collects results, what its tasks start from.
    package var weights: [Digest]

    package init(stage: Int, frozen: Digest?, weights: [Digest]) {
        (self.stage, self.frozen, self.weights) = (stage, frozen, weights)
    }
}

/// A task's accepted answer.
package struct TaskCompletion: Codable, Hashable, Sendable {
    package var task: TaskID
    /// The update as it came, in `UpdateFormat`.
    package var update: Digest
    package var figures: TaskFigures
    /// Of all in the answer that is the same whoever computed it; nil where nobody compares it.
    package var bits: Digest?
    /// Of the update.
    package var bytes: Int?

    /// - Returns: nil where a figure is out of range.
    package init?(task: TaskID, update: Digest, figures: TaskFigures, bits: Digest? = nil, bytes: Int? = nil) {
        guard figures.outOfRange == nil else { return nil }
        (self.task, self.update, self.figures, self.bits, self.bytes) = (task, update, figures, bits, bytes)
    }
}

/// An answer to a task that several workers do, and whose it is.
package struct Witness: Codable, Hashable, Sendable {
    package var completion: TaskCompletion
    package var worker: WorkerID
    /// Host and process: a worker gets another name when it registers again.
    package var process: String
    /// Workers with another one may come to other bits, and are not asked.
    package var instructionSet: String
}

/// A task that came to nothing with one worker.
package struct FailedAttempt: Codable, Hashable, Sendable {
    package var task: TaskID
    package var worker: WorkerID
    package var reason: String
    /// Which process it was: a worker gets another name when it registers again. Nil in what an earlier version wrote.
    package var process: String?
    /// What grew out of range, where that was why.
    package var divergence: Divergence?

    /// Whether it was this worker, under this or an earlier name.
    func isBy(_ worker: WorkerID, _ process: String) -> Bool { self.worker == worker || self.process == process }
}

/// The weights that a round's average gave.
package struct RoundClosing: Codable, Hashable, Sendable {
    package var stage: Int
    package var round: Int
    package var weights: Digest
    /// The outer optimizer's momentum; nil where it has none.
    package var momentum: Digest?

    package init(stage: Int, round: Int, weights: Digest, momentum: Digest?) {
        (self.stage, self.round, self.weights, self.momentum) = (stage, round, weights, momentum)
    }
}

/// How a stage ended.
package struct StageEnding: Codable, Hashable, Sendable {
    package var stage: Int
    /// The weights that are kept; nil where results are collected.
    package var weights: Digest?
    /// Why it ended, where that was before its last round.
    package var note: String?
}
