/// Everything that people see of a run. `GET /v1/runs/RUN`
package struct RunStatus: Codable, Hashable, Sendable {
    package enum State: String, Codable, Sendable, CaseIterable {
        /// The data are being read and cut.
        case preparing
        case running
        /// It has tasks that nobody can do: `reason` says what is missing.
        case waiting
        /// Nothing can go on before somebody mends what `reason` says.
        case paused
        case finished
        case failed
        case cancelled

        package var isFinal: Bool { self == .finished || self == .failed || self == .cancelled }
    }

    package var id: RunID
    package var name: String
    package var state: State
    /// Why the run is in this state, where that needs a word.
    package var reason: String?
    /// Goes up with every change: `GET /v1/runs/RUN?after=REVISION&wait=SECONDS` answers when it is higher.
    package var revision: Int
    /// SHA-256 of the plan's settings and its data's contents (not their paths, not the plan's name).
    package var planHash: Digest?
    /// In the answer to a new run alone: the one before it.
    package var earlier: EarlierRun?
    /// Seconds since 1970.
    package var submittedAt: Double
    package var finishedAt: Double?
    package var stages: [StageStatus]
    /// Workers that are alive, and the tasks they hold of this run.
    package var workers: Int
    package var tasksInProgress: Int
    /// What the coordinator's disk holds for the run.
    package var diskBytes: Int?
    /// What the run takes at most; known once its data are cut.
    package var memory: RunMemory?
    /// Of the round in progress.
    package var samplesPerSecond: Double?
    /// How much of the run is done, 0 ... 1, by the time that its parts take; nil before its data are cut.
    package var progress: Double?
    /// How long it goes on if every stage uses all its rounds, in seconds from now; nil while nothing is known, and where
    /// it does not go on.
    package var secondsLeft: Double?
    package var results: [EvaluationResult]
    /// What the rows and columns of the results' confusion matrices are called; nil where there are no results, and for
    /// runs of which only numbers are known.
    package var classNames: [String]?
    /// Of the fine-tunings that are done.
    package var curves: [LearningCurve]?
    /// The finished exports, in the order pretrained, fine-tuned.
    package var exports: [ExportDescription]
    /// What people should know of the plan, its data and what came of them; nil where there is nothing.
    package var remarks: [Remark]?

    package init(
        id: RunID, name: String, state: State, reason: String? = nil, revision: Int, planHash: Digest? = nil,
        submittedAt: Double, finishedAt: Double? = nil, stages: [StageStatus] = [], workers: Int = 0,
        tasksInProgress: Int = 0, samplesPerSecond: Double? = nil, secondsLeft: Double? = nil,
        results: [EvaluationResult] = [], exports: [ExportDescription] = [],
        classNames: [String]? = nil
    ) {
        self.id = id
        self.name = name
        self.state = state
        self.reason = reason
        self.revision = revision
        self.planHash = planHash
        self.submittedAt = submittedAt
        self.finishedAt = finishedAt
        self.stages = stages
        self.workers = workers
        self.tasksInProgress = tasksInProgress
        self.samplesPerSecond = samplesPerSecond
        self.secondsLeft = secondsLeft
        self.results = results
        self.exports = exports
        self.classNames = classNames
    }
}

/// One thing trained to its end.
package struct StageStatus: Codable, Hashable, Sendable {
    package enum State: String, Codable, Sendable {
        case waiting, running, finished
    }

    /// `layer 1`, `layer 2`, ..., `fine-tuning`, `evaluation`.
    package var name: String
    package var state: State
    /// The round in progress, from 1; of `rounds`.
    package var round: Int
    package var rounds: Int
    package var tasksDone: Int
    package var tasks: Int
    /// The same of this stage as a run's `progress` and `secondsLeft`.
    package var progress: Double?
    package var secondsLeft: Double?
    /// What its losses and errors are; nil where it has none.
    package var measure: Measure?
    package var startedAt: Double?
    package var finishedAt: Double?
    /// The rounds that are done. Round 0 has only the held-out error of the weights that the stage starts from.
    package var history: [RoundRecord]
    /// Error on the held-out samples of predicting each feature's mean: what every round's error is to be compared with.
    package var meanError: Double?
    /// Where the stage ended before its last round: why.
    package var note: String?

    package init(
        name: String, state: State, round: Int, rounds: Int, tasksDone: Int, tasks: Int, startedAt: Double? = nil,
        finishedAt: Double? = nil, history: [RoundRecord] = [], note: String? = nil
    ) {
        self.name = name
        self.state = state
        self.round = round
        self.rounds = rounds
        self.tasksDone = tasksDone
        self.tasks = tasks
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.history = history
        self.note = note
    }
}

/// What a loss or an error is, so that its numbers have a unit.
package struct Measure: Codable, Hashable, Sendable {
    /// Such as `squared error`.
    package var name: String
    /// Over how many values of a sample it is summed.
    package var values: Int

    package init(name: String, values: Int) {
        self.name = name
        self.values = values
    }

    /// Such as `squared error, summed over a sample's 784 values`.
    package var text: String { values == 1 ? name : "\(name), summed over a sample's \(values) values" }
}

extension StageStatus {
    /// An error of the stage as a multiple of that of predicting each feature's mean; nil where that is unknown or 0.
    package func ratio(of error: Double?) -> Double? {
        guard let error, let meanError, meanError > 0 else { return nil }
        return error / meanError
    }

    /// The last held-out error that was measured.
    package var lastError: Double? { history.last { $0.heldOutError != nil }?.heldOutError }
}

/// What a round gave.
package struct RoundRecord: Codable, Hashable, Sendable {
    package var round: Int
    package var samples: Int
    /// Mean over samples of the training loss.
    package var loss: Double?
    /// Of the weights after this round.
    package var heldOutError: Double?
    package var activeShare: Double?
    package var deadUnits: Int?
    /// The same two after `Sparsity`, where there is any.
    package var keptShare: Double?
    package var unusedUnits: Int?
    /// Wall-clock seconds from the round's start to its weights.
    package var seconds: Double?
    /// Of the updates that came in for it.
    package var bytes: Int?

    package init(
        round: Int, samples: Int = 0, loss: Double? = nil, heldOutError: Double? = nil, activeShare: Double? = nil,
        deadUnits: Int? = nil, keptShare: Double? = nil, unusedUnits: Int? = nil, seconds: Double? = nil,
        bytes: Int? = nil
    ) {
        self.round = round
        self.samples = samples
        self.loss = loss
        self.heldOutError = heldOutError
        self.activeShare = activeShare
        self.deadUnits = deadUnits
        self.keptShare = keptShare
        self.unusedUnits = unusedUnits
        self.seconds = seconds
        self.bytes = bytes
    }
}

/// How one fine-tuning went.
package struct LearningCurve: Codable, Hashable, Sendable {
    package var draw: Int
    package var pretrained: Bool
    /// Mean loss of each epoch, on labels alone and then on guessed ones.
    package var losses: [Double]

    package init(draw: Int, pretrained: Bool, losses: [Double]) {
        self.draw = draw
        self.pretrained = pretrained
        self.losses = losses
    }
}

/// The test of one draw's classifier.
package struct EvaluationResult: Codable, Hashable, Sendable {
    package var draw: Int
    package var pretrained: Bool
    package var labels: Int
    /// `confusion[label][answer]` counts test samples.
    package var confusion: [[Int]]

    package init(draw: Int, pretrained: Bool, labels: Int, confusion: [[Int]]) {
        self.draw = draw
        self.pretrained = pretrained
        self.labels = labels
        self.confusion = confusion
    }

    package var tested: Int { confusion.reduce(0) { $0 + $1.reduce(0, +) } }

    /// - Throws: whenever it is not a square of counts: all that is computed from it counts on that.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            draw: try container.decode(Int.self, forKey: .draw),
            pretrained: try container.decode(Bool.self, forKey: .pretrained),
            labels: try container.decode(Int.self, forKey: .labels),
            confusion: try container.decode([[Int]].self, forKey: .confusion))
        let isSquare = confusion.allSatisfy { $0.count == confusion.count }
        guard isSquare, confusion.joined().allSatisfy({ (0...Limits.samples).contains($0) }) else {
            throw DecodingError.dataCorruptedError(
                forKey: .confusion, in: container,
                debugDescription: "a confusion matrix has a row and a column of counts for each class")
        }
    }

    /// Share of the test samples that were classified wrongly, 0 ... 1.
    package var error: Double {
        let right = confusion.indices.reduce(0) { $0 + confusion[$1][$1] }
        return tested == 0 ? 0 : Double(tested - right) / Double(tested)
    }
}

/// Weights that a run has exported. `GET /v1/runs/RUN/exports/PART`
package struct ExportDescription: Codable, Hashable, Sendable {
    package enum Part: String, Codable, Sendable, CaseIterable {
        /// Encoders and decoders as pretraining left them.
        case pretrained
        /// The encoder and softmax layer of the first draw.
        case fineTuned = "fine-tuned"
    }

    package var part: Part
    package var digest: Digest
    package var bytes: Int

    package init(part: Part, digest: Digest, bytes: Int) {
        self.part = part
        self.digest = digest
        self.bytes = bytes
    }
}

/// A plan handed to the coordinator. `POST /v1/runs`
package struct RunSubmission: Codable, Hashable, Sendable {
    /// The plan's YAML.
    package var plan: String
    /// What relative paths in the plan start from, on the coordinator's host; nil: its working folder.
    package var folder: String?

    package init(plan: String, folder: String? = nil) {
        self.plan = plan
        self.folder = folder
    }
}

/// `GET /v1/runs`, newest first.
package struct RunList: Codable, Hashable, Sendable {
    package var runs: [RunStatus]

    package init(runs: [RunStatus]) {
        self.runs = runs
    }
}

/// `GET /v1/info`
package struct CoordinatorInformation: Codable, Hashable, Sendable {
    package var protocolVersion: Int
    package var version: String
    package var workers: [WorkerStatus]

    package init(protocolVersion: Int = ProtocolVersion.current, version: String, workers: [WorkerStatus]) {
        self.protocolVersion = protocolVersion
        self.version = version
        self.workers = workers
    }
}

/// What happened to a run, the oldest first. `GET /v1/runs/RUN/events`
package struct RunJournal: Codable, Hashable, Sendable {
    package var entries: [Entry]

    package struct Entry: Codable, Hashable, Sendable {
        /// Goes up by one with each entry: `?after=NUMBER` leaves out what is known already.
        package var number: Int
        /// Seconds since 1970.
        package var time: Double
        package var text: String
        /// Why it happened.
        package var reason: String

        package init(number: Int, time: Double, text: String, reason: String) {
            self.number = number
            self.time = time
            self.text = text
            self.reason = reason
        }
    }

    package init(entries: [Entry]) {
        self.entries = entries
    }
}
