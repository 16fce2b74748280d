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
    /// Of the stages that collect them, in the stages' order.
    package var results: [TrialResult]
    /// What the rows and columns of the results' tables are called; nil where there are no results, and for runs of which
    /// only numbers are known.
    package var classNames: [String]?
    /// The finished exports, in the order in which the run makes them.
    package var exports: [ExportDescription]
    /// What people should know of the plan, its data and what came of them; nil where there is nothing.
    package var remarks: [Remark]?

    package init(
        id: RunID, name: String, state: State, reason: String? = nil, revision: Int, planHash: Digest? = nil,
        submittedAt: Double, finishedAt: Double? = nil, stages: [StageStatus] = [], workers: Int = 0,
        tasksInProgress: Int = 0, samplesPerSecond: Double? = nil, secondsLeft: Double? = nil,
        results: [TrialResult] = [], exports: [ExportDescription] = [], classNames: [String]? = nil
    ) {
        (self.id, self.name, self.state, self.reason, self.revision) = (id, name, state, reason, revision)
        (self.planHash, self.submittedAt, self.finishedAt, self.stages) = (planHash, submittedAt, finishedAt, stages)
        (self.workers, self.tasksInProgress, self.samplesPerSecond) = (workers, tasksInProgress, samplesPerSecond)
        (self.secondsLeft, self.results, self.exports, self.classNames) = (secondsLeft, results, exports, classNames)
    }
}

/// One thing trained to its end.
package struct StageStatus: Codable, Hashable, Sendable {
    package enum State: String, Codable, Sendable { case waiting, running, finished }

    /// The stage's title, such as `layer 1`.
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
    /// What the values in `history` and in the run's results are; nil in lists of runs, which have neither.
    package var outputs: StageOutputs?
    package var startedAt: Double?
    package var finishedAt: Double?
    /// The rounds that are done. Round 0 has only what is measured on the weights that the stage starts from.
    package var history: [RoundRecord]
    /// Where the stage ended before its last round: why.
    package var note: String?

    package init(
        name: String, state: State, round: Int, rounds: Int, tasksDone: Int, tasks: Int, startedAt: Double? = nil,
        finishedAt: Double? = nil, history: [RoundRecord] = [], note: String? = nil
    ) {
        (self.name, self.state, self.round, self.rounds, self.tasksDone) = (name, state, round, rounds, tasksDone)
        (self.tasks, self.startedAt, self.finishedAt, self.history) = (tasks, startedAt, finishedAt, history)
        self.note = note
    }
}

/// Weights that a run has exported. `GET /v1/runs/RUN/exports/PART`
package struct ExportDescription: Codable, Hashable, Sendable {
    /// What it is called: lower-case letters, digits, `-`, `_` and `.`, a letter or digit first.
    package struct Part: Hashable, Sendable, RawRepresentable, Codable {
        package let rawValue: String

        /// - Returns: nil unless it is such a name, of at most `Limits.nameCharacters`.
        package init?(rawValue: String) {
            let bytes = Array(rawValue.utf8)
            func isAlphanumeric(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...122).contains(byte) }
            guard let first = bytes.first, isAlphanumeric(first), bytes.count <= Limits.nameCharacters,
                bytes.allSatisfy({ isAlphanumeric($0) || $0 == 45 || $0 == 46 || $0 == 95 })
            else { return nil }
            self.rawValue = rawValue
        }
    }

    package var part: Part
    package var digest: Digest
    package var bytes: Int
    /// What its file is called in a folder of results; nil in what earlier versions wrote.
    package var fileName: String?

    package init(part: Part, digest: Digest, bytes: Int, fileName: String? = nil) {
        (self.part, self.digest, self.bytes, self.fileName) = (part, digest, bytes, fileName)
    }
}

/// A plan handed to the coordinator. `POST /v1/runs`
package struct RunSubmission: Codable, Hashable, Sendable {
    /// The plan's YAML.
    package var plan: String
    /// What relative paths in the plan start from, on the coordinator's host; nil: its working folder.
    package var folder: String?

    package init(plan: String, folder: String? = nil) { (self.plan, self.folder) = (plan, folder) }
}

/// `GET /v1/runs`, newest first.
package struct RunList: Codable, Hashable, Sendable {
    package var runs: [RunStatus]

    package init(runs: [RunStatus]) { self.runs = runs }
}

/// `GET /v1/info`
package struct CoordinatorInformation: Codable, Hashable, Sendable {
    package var protocolVersion: Int
    package var version: String
    package var workers: [WorkerStatus]

    package init(protocolVersion: Int = ProtocolVersion.current, version: String, workers: [WorkerStatus]) {
        (self.protocolVersion, self.version, self.workers) = (protocolVersion, version, workers)
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
            (self.number, self.time, self.text, self.reason) = (number, time, text, reason)
        }
    }

    package init(entries: [Entry]) { self.entries = entries }
}

/// What a run takes at most, in bytes: estimated from its plan and its data's sizes.
package struct RunMemory: Codable, Hashable, Sendable {
    /// The memory of each of a worker's slots, for the largest of its tasks.
    package var workerSlot: Int
    /// The coordinator's memory, for the largest of its steps.
    package var coordinator: Int
    /// The coordinator's disk.
    package var disk: Int

    package init(workerSlot: Int, coordinator: Int, disk: Int) {
        (self.workerSlot, self.coordinator, self.disk) = (workerSlot, coordinator, disk)
    }
}
