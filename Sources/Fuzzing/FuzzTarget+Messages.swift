import Coordination
import FoundationEssentials
import Kinds
import RunProtocol
import Simulation

extension FuzzTarget {
    static func readMessages(_ bytes: UnsafeRawBufferPointer) throws {
        guard bytes.count <= Limits.messageBytes else { return }
        let data = Data(bytes)
        try readNames(String(decoding: bytes, as: UTF8.self))
        // What a coordinator is told.
        try read(RunSubmission.self, data)
        try read(LeaseRequest.self, data)
        if let registration = try read(WorkerRegistration.self, data) { try Overheard.play(registration) }
        if let heartbeat = try read(Heartbeat.self, data) { try Overheard.play(heartbeat) }
        if let release = try read(TaskRelease.self, data) { try Overheard.play(release) }
        // What it answers.
        try read(CoordinatorInformation.self, data)
        try read(RunJournal.self, data)
        try read(ExportDescription.self, data)
        try read(WorkerWelcome.self, data)
        try read(WorkerLeave.self, data)
        try read(HeartbeatReply.self, data)
        try read(UpdateReceipt.self, data)
        try read(APIErrorBody.self, data)
        try read(LiveUpdate.self, data)
        try read(CodeMap.self, data)
        try read(Mistakes.self, data)
        let list = try read(RunList.self, data)?.runs ?? []
        for result in try (list + [read(RunStatus.self, data)].compactMap(\.self)).flatMap(\.results) {
            for error in result.values.tables.values.map(\.errorRate) {
                try promise((0...1).contains(error), "a share of errors is \(error)")
            }
        }
        if let task = try read(TaskLease.self, data)?.task, try accepted({ try task.check() }) != nil {
            try promise(task.work.steps > 0, "a task has \(task.work.steps) steps")
            try promise(task.work.inputs.count > 1, "a task has nothing to read")
        }
    }

    /// - Returns: the message; nil where these are other bytes.
    @discardableResult
    private static func read<Message: Codable & Equatable>(_ type: Message.Type, _ data: Data) throws -> Message? {
        let message = try accepted { try JSONDecoder().decode(type, from: data) }
        if let message { try promise(try throughJSON(message) == message, "\(type) is another when sent again") }
        return message
    }

    /// What stands in paths, queries and headers.
    private static func readNames(_ text: String) throws {
        if let task = TaskID(text) { try promise(task.description == text, "\(task) is written otherwise") }
        if let run = RunID(rawValue: text) { try promise(run.rawValue == text, "\(run) is another") }
        if let cursor = LiveCursor(text) { try promise(cursor.description == text, "\(cursor) is written otherwise") }
        if let token = LeaseToken(rawValue: text) { try promise(token.rawValue == text, "a lease's token is another") }
        if let digest = Digest(hex: text) { try promise(digest.hex == text, "\(digest) is another") }
        if let token = AccessToken(text: text) { try promise(token.matches(token.text), "a token is not itself") }
    }
}

/// A cluster in the midst of a round: one worker has tasks, another would take what the first is slow with.
private enum Overheard {
    private static let running: Cluster = {
        let scenario = Scenario(stacked: Scenario.stackedPlan(replicas: 3))
        var cluster = Cluster(compiler: scenario.compiler)
        guard let run = RunID(rawValue: "run-fuzz") else { return cluster }
        var decisions = cluster.runSubmitted(run, plan: scenario.plan)
        while case .perform(let step, _)? = decisions.first?.action, let state = cluster.run(run) {
            decisions = cluster.stepFinished(Example.outcome(of: step, state, scenario.manifest), of: run)
            decisions.removeAll { if case .perform = $0.action { false } else { true } }
        }
        for worker in workers { cluster.workerRegistered(worker, Example.registration(), now: start) }
        // Each has answered a task, so that it is known how long tasks take.
        for worker in workers {
            if let task = cluster.leaseRequested(by: worker, now: start)?.task, let answer = Example.completion(task) {
                _ = cluster.updateReceived(answer, from: worker, now: start + 1_000)
            }
        }
        while cluster.leaseRequested(by: workers[0], now: start + 1_000) != nil {}
        return cluster
    }()

    private static let start = Instant(milliseconds: 0)
    private static let workers = ["worker-1", "worker-2"].compactMap(WorkerID.init)

    static func play(_ registration: WorkerRegistration) throws {
        var cluster = running
        cluster.workerRegistered(workers[0], registration, now: start + 2_000)
        try goOn(cluster)
    }

    static func play(_ heartbeat: Heartbeat) throws {
        guard heartbeat.tasks.count <= Limits.slots else { return }
        var cluster = running
        let abandoned = cluster.heartbeatReceived(
            from: heartbeat.worker, tasks: heartbeat.tasks, now: start + 2_000
        ).abandon
        let named = heartbeat.tasks.map(\.task)
        try promise(abandoned.allSatisfy(named.contains), "tasks are abandoned that nobody spoke of")
        try goOn(cluster)
    }

    static func play(_ release: TaskRelease) throws {
        var cluster = running
        for task in cluster.tasks(of: workers[0]) {
            _ = cluster.taskReleased(task, by: release.claim.worker, release.reason)
        }
        try goOn(cluster)
    }

    /// The second worker asks for tasks until there are none, and time passes.
    private static func goOn(_ cluster: Cluster) throws {
        var cluster = cluster
        let expired = start + 20_000
        while cluster.leaseRequested(by: workers[1], now: start + 3_000) != nil {}
        _ = cluster.timePassed(now: expired)
        try promise(cluster.leases.values.joined().allSatisfy { expired <= $0.deadline }, "a lease has not expired")
    }
}
