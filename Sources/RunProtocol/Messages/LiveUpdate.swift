/// What has changed for those who watch, or all there is to see. An event of `GET /v1/live?run=RUN`
package struct LiveUpdate: Codable, Hashable, Sendable {
    /// What to ask after next: the event's id, which browsers send again as `Last-Event-ID`.
    package var cursor: LiveCursor
    /// Whether it stands for itself: whatever was known before is to be forgotten.
    package var isWhole: Bool
    /// The coordinator's clock, in seconds since 1970.
    package var time: Double
    package var coordinator: CoordinatorStatus
    /// Runs that are new or have changed, in the order in which they were submitted; without histories, outputs and results.
    package var runs: [RunStatus]
    /// Workers that are new or have changed.
    package var workers: [WorkerStatus]
    /// Workers that are spoken of no more.
    package var forgotten: [WorkerID]?
    /// Of the run that was asked for.
    package var run: RunChanges?

    package init(
        cursor: LiveCursor, isWhole: Bool, time: Double, coordinator: CoordinatorStatus, runs: [RunStatus] = [],
        workers: [WorkerStatus] = [], forgotten: [WorkerID]? = nil, run: RunChanges? = nil
    ) {
        (self.cursor, self.isWhole, self.time, self.coordinator, self.runs) = (cursor, isWhole, time, coordinator, runs)
        (self.workers, self.forgotten, self.run) = (workers, forgotten, run)
    }
}

/// A watcher's place: which process of the coordinator it listened to, and after how many changes. Written `EPOCH.CHANGE`.
package struct LiveCursor: Hashable, Sendable, WrittenAsText {
    package static let form = "a cursor is written EPOCH.CHANGE"

    package let epoch: UInt32
    package let change: Int

    package init(epoch: UInt32, change: Int) { (self.epoch, self.change) = (epoch, change) }

    /// - Returns: nil unless `text` is what `description` gives.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let epoch = UInt32(parts[0]), let change = Int(parts[1]), change >= 0
        else { return nil }
        self.init(epoch: epoch, change: change)
        guard description == text else { return nil }
    }

    package var description: String { "\(epoch).\(change)" }
}

/// The coordinator itself.
package struct CoordinatorStatus: Codable, Hashable, Sendable {
    package var version: String
    /// Seconds since 1970.
    package var startedAt: Double
    /// Why it takes no work, where that is so.
    package var pause: String?
    /// Whether those who speak to it need its access token.
    package var needsToken: Bool
    /// URLs at which other hosts reach it; none where it listens on its own host alone.
    package var addresses: [String]

    package init(
        version: String, startedAt: Double, pause: String? = nil, needsToken: Bool = false, addresses: [String] = []
    ) {
        (self.version, self.startedAt, self.pause, self.needsToken) = (version, startedAt, pause, needsToken)
        self.addresses = addresses
    }
}

/// What is new in one run.
package struct RunChanges: Codable, Hashable, Sendable {
    package var id: RunID
    /// The network as it is drawn; only where the update is whole or the data have just been read.
    package var network: NetworkDrawing?
    /// What the values of each stage are; only where the update is whole or the data have just been read.
    package var outputs: [StageOutputs]?
    /// What can be looked at of what it learns; only where the update is whole or the data have just been read.
    package var views: [ViewDescription]?
    /// Rounds that are new or have changed.
    package var rounds: [StageRound]
    /// Tasks with their workers that are new or have changed.
    package var spans: [TaskSpan]
    /// Before this, in seconds since 1970, it is not known who had which task; only where the update is whole and
    /// something is missing.
    package var spansSince: Double?
    /// When the coordinator was started since the run was submitted; only where the update is whole.
    package var starts: [Double]?
    /// What happened, the oldest first.
    package var entries: [RunJournal.Entry]
    /// All of them, where there are more than before.
    package var results: [TrialResult]?
    /// The classes' names; with the results.
    package var classNames: [String]?
    /// What the pictures show: another one whenever they would be drawn anew; nil while there is nothing to draw.
    package var pictures: Digest?

    package init(
        id: RunID, network: NetworkDrawing? = nil, rounds: [StageRound] = [], spans: [TaskSpan] = [],
        entries: [RunJournal.Entry] = [], results: [TrialResult]? = nil, pictures: Digest? = nil,
        classNames: [String]? = nil
    ) {
        (self.id, self.network, self.rounds, self.spans, self.entries) = (id, network, rounds, spans, entries)
        (self.results, self.pictures, self.classNames) = (results, pictures, classNames)
    }
}

/// A network as it is drawn, and who trains it.
package struct NetworkDrawing: Codable, Hashable, Sendable {
    package var graph: Graph
    /// Of each of its values, for one sample.
    package var shapes: [[Int]]
    /// For each of its nodes the stages that train it, from 0.
    package var stages: [[Int]]

    package init(_ graph: Graph, stages: [[Int]]) {
        (self.graph, self.stages) = (graph, stages)
        shapes = (try? graph.shapes()) ?? []
    }

    /// - Parameter stages: of the run.
    package init(_ graph: Graph, of stages: [any Stage]) {
        let trained = stages.map(\.trainedNames)
        self.init(
            graph,
            stages: graph.nodes.map { node in
                let own = node.parameters.map { graph.parameters[$0].name }
                return trained.indices.filter { !trained[$0].isDisjoint(with: own) }
            })
    }
}

extension Stage {
    /// The names of the parameters that its first task trains.
    fileprivate var trainedNames: Set<String> {
        guard taskCount > 0, case .train(let work) = exampleWork(ofTask: 0) else { return [] }
        return Set(work.settings.trained.map { work.graph.parameters[$0].name })
    }
}

/// A round and the stage that it belongs to.
package struct StageRound: Codable, Hashable, Sendable {
    /// From 0.
    package var stage: Int
    package var record: RoundRecord

    package init(stage: Int, record: RoundRecord) { (self.stage, self.record) = (stage, record) }
}

/// A worker's time with a task. Times are seconds since 1970.
package struct TaskSpan: Codable, Hashable, Sendable {
    package enum Outcome: String, Codable, Sendable, CaseIterable {
        case done, refused, failed
        /// The worker gave it back.
        case released
        /// The lease expired.
        case lost
        /// Another worker answered first, or the run ended.
        case needless
        /// The coordinator was started again, and the worker did not come back to it.
        case unknown
    }

    /// Goes up with each lease of the run.
    package var number: Int
    package var task: TaskID
    package var worker: WorkerID
    /// Somebody else had it already.
    package var isBackup: Bool
    package var leasedAt: Double
    /// Nil while the task's data are being fetched.
    package var computingAt: Double?
    package var sendingAt: Double?
    /// Since when the worker has not got on with it, where it does not.
    package var stalledAt: Double?
    package var endedAt: Double?
    /// Of the task's steps, 0 ... 1.
    package var share: Double
    /// Nil while it goes on.
    package var outcome: Outcome?
    /// Why it came to nothing.
    package var reason: String?

    package init(
        number: Int, task: TaskID, worker: WorkerID, isBackup: Bool, leasedAt: Double, computingAt: Double? = nil,
        sendingAt: Double? = nil, endedAt: Double? = nil, share: Double = 0, outcome: Outcome? = nil,
        reason: String? = nil
    ) {
        (self.number, self.task, self.worker, self.isBackup, self.leasedAt) = (number, task, worker, isBackup, leasedAt)
        (self.computingAt, self.sendingAt, self.endedAt, self.share) = (computingAt, sendingAt, endedAt, share)
        (self.outcome, self.reason) = (outcome, reason)
    }
}
