package import Coordination
package import CoordinatorRuntime
package import Foundation
import Logging
import PairClassifier
package import PlanFile
import RandomNumbers
package import RunProtocol
import RunStore
import Synchronization

/// A folder with data, a plan and coordinators' states.
package final class Site: Sendable {
    package let folder: URL
    package let plan: String
    package let kinds: ModelKinds

    package init(_ kinds: ModelKinds, plan: String, files: [String: [UInt8]]) throws {
        (self.kinds, self.plan) = (kinds, plan)
        folder = FileManager.default.temporaryDirectory.appending(path: "site-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, bytes) in files { try write(name, bytes) }
    }

    /// Of a kind of model that only tests know.
    package convenience init() throws {
        var random = Philox(key: 8, stream: 0)
        func table(_ columns: [String]) -> [UInt8] {
            let rows = (0..<60).map { _ in
                columns.map { _ in "\(random.nextUnit() - 0.5)" }.joined(separator: ",")
            }
            return Array(([columns.joined(separator: ",")] + rows).joined(separator: "\n").utf8)
        }
        try self.init(
            ModelKinds([PairClassifier()]),
            plan: """
                seed: 3
                model: pair_classifier
                data: {left: left.csv, right: right.csv, labels: labels.csv, held_out: 10, shards: 3}
                units: 3
                training: {stages: 2, rounds: 2, replicas: 2, patience: 1, outer_momentum: 0.5, trials: 2}
                """,
            files: [
                "left.csv": table(["a", "b", "c"]), "right.csv": table(["d", "e"]),
                "labels.csv": Array((0..<60).map { "\($0 % 3)" }.joined(separator: "\n").utf8),
            ])
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    package func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: folder.appending(path: name))
    }

    package var submission: RunSubmission { RunSubmission(plan: plan, folder: folder.path) }

    // MARK: Coordinators

    /// A coordinator on this state; the one before must be out of use.
    package func coordinator(_ times: ClusterTimes = ClusterTimes(), state: String = "state") async throws
        -> Coordinator
    {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return try await Coordinator(
            store: try await store(state), kinds: kinds, folders: DataFolders([folder.path]),
            defaultFolder: folder.path,
            version: "1", logger: logger, times: times)
    }

    /// The one before gives the folder free when the last task that knows it has ended.
    private func store(_ state: String) async throws -> RunStore {
        for _ in 0..<500 {
            if let store = try? RunStore(folder: folder.appending(path: state).path) { return store }
            try await Task.sleep(for: .milliseconds(10))
        }
        return try RunStore(folder: folder.appending(path: state).path)
    }

    /// A coordinator that lives as long as `body`.
    package func living<Result: Sendable>(
        _ times: ClusterTimes = ClusterTimes(), state: String = "state",
        _ body: @Sendable (Coordinator) async throws -> Result
    ) async throws -> Result {
        let coordinator = try await coordinator(times, state: state)
        let life = Task { try await coordinator.run() }
        do {
            let result = try await body(coordinator)
            life.cancel()
            try await life.value
            return result
        } catch {
            life.cancel()
            throw error
        }
    }

    /// Starts a coordinator, lets it record one thing more of a run, and forgets it.
    ///
    /// - Throws: whenever nothing has come of it.
    package func life(of run: RunID) async throws -> RunStatus {
        let coordinator = try await coordinator()
        let before = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
        // Without `run()` no step is performed: only the answer is taken.
        let worker = try await coordinator.join()
        if let task = try await coordinator.task(for: worker, within: 0) {
            guard try await coordinator.answer(task, as: worker) == .accepted else {
                throw APIError(.conflict, "\(task.id) is not accepted")
            }
            return try await coordinator.status(of: run, after: nil, waitSeconds: 0)
        }
        let steps = Task { try await coordinator.run() }
        let status = try await coordinator.status(of: run, after: before.revision, waitSeconds: 20)
        guard status.revision > before.revision else { throw APIError(.conflict, "no step was performed") }
        steps.cancel()
        try await steps.value
        return status
    }

    /// The blobs that are there.
    package func blobs(state: String = "state") throws -> Set<Digest> {
        let root = folder.appending(path: "\(state)/blobs").path
        let parts = try FileManager.default.contentsOfDirectory(atPath: root)
        return try Set(
            parts.flatMap { try FileManager.default.contentsOfDirectory(atPath: "\(root)/\($0)") }
                .compactMap { Digest(hex: $0) })
    }
}

/// What workers keep to themselves: their nonces, and the tokens that came with their tasks.
private let kept = Mutex<(nonces: [WorkerID: String], tokens: [String: LeaseToken])>(([:], [:]))

extension WorkerID {
    package var nonce: String { kept.withLock { $0.nonces[self] } ?? "nobody's nonce, and long" }

    /// - Returns: a token that proves nothing for a task that it was not given.
    package func claim(on task: TaskID) -> TaskClaim {
        let token = kept.withLock { $0.tokens["\(self) \(task)"] }
        return TaskClaim(worker: self, token: token ?? LeaseToken(worker: self, code: Array(repeating: 0, count: 32)))
    }

    /// It registered again, and has the tokens that another name got.
    package func inherit(from former: WorkerID, _ task: TaskID) {
        let token = former.claim(on: task).token
        kept.withLock { $0.tokens["\(self) \(task)"] = token }
    }
}

extension Heartbeat {
    /// - Parameter share: nil from a worker that says nothing of how far it is.
    package init(worker: WorkerID, _ tasks: [TaskID], share: Double = 0) {
        self.init(
            worker: worker, nonce: worker.nonce,
            tasks: tasks.map { TaskProgress(task: $0, token: worker.claim(on: $0).token, share: share) })
    }
}

extension Coordinator {
    /// - Parameter process: nil for one of its own.
    package func join(slots: Int = 8, process: WorkerRegistration? = nil) throws -> WorkerID {
        let registration =
            process
            ?? WorkerRegistration(host: "here", processID: 1, slots: slots, version: "1", instructionSet: "any")
        let worker = try register(registration).worker
        kept.withLock { $0.nonces[worker] = registration.nonce }
        return worker
    }

    /// - Returns: nil when no task comes up within `seconds`.
    package func task(for worker: WorkerID, within seconds: Double = 30) async throws -> TaskDescription? {
        let request = LeaseRequest(worker: worker, nonce: worker.nonce, waitSeconds: seconds)
        guard let lease = try await lease(request) else { return nil }
        kept.withLock { $0.tokens["\(worker) \(lease.task.id)"] = lease.token }
        return lease.task
    }

    package func release(_ task: TaskID, by worker: WorkerID, _ reason: TaskRelease.Reason? = nil) async throws {
        try await release(task, TaskRelease(worker.claim(on: task), reason))
    }

    /// A task with a vector; the measurement, which comes first, stays with the worker.
    package func trainingTask(for worker: WorkerID) async throws -> TaskDescription? {
        let first = try await task(for: worker)
        return first?.elementCount == 0 ? try await task(for: worker) : first
    }

    package func answer(_ task: TaskDescription, as worker: WorkerID) async throws -> UpdateReceipt.Verdict {
        try await send(UpdateFormat.encode(task: task.id, result: Answer.result(task)), to: task.id, as: worker)
    }

    package func send(_ update: Data, to task: TaskID, as worker: WorkerID) async throws -> UpdateReceipt.Verdict {
        let path = uploadFolder + "/\(UUID().uuidString)"
        try update.write(to: URL(filePath: path))
        let file = UploadedFile(path: path, bytes: update.count, digest: Digest(of: update))
        return try await deliver(task, by: worker.claim(on: task), update: file).verdict
    }

    /// One worker answers until the run has ended; every task's inputs must be there.
    package func finish(_ run: RunID) async throws -> RunStatus {
        let worker = try join()
        while true {
            let status = try await status(of: run, after: nil, waitSeconds: 0)
            if status.state.isFinal { return status }
            guard let task = try await task(for: worker, within: 0.2) else { continue }
            for input in task.work.inputs { _ = try blob(input) }
            _ = try await answer(task, as: worker)
        }
    }
}

/// Made-up answers: functions of the task alone.
package enum Answer {
    package static func result(_ task: TaskDescription) -> TaskResult {
        switch task.work {
        case .train(let work):
            TaskResult(
                figures: TaskFigures(samples: work.data.count * work.settings.epochs, metrics: ["loss": 1]),
                vector: numbers(task, seed: work.seed))
        case .evaluate(let work): TaskResult(figures: figures(of: work, round: task.id.round), vector: [])
        case .fit(let work):
            TaskResult(
                figures: TaskFigures(samples: work.sets.reduce(0) { $0 + $1.count }), vector: numbers(task, seed: 1))
        case .encode(let work):
            TaskResult(figures: TaskFigures(samples: work.data.count), vector: numbers(task, seed: 1))
        }
    }

    private static func figures(of work: EvaluateWork, round: Int) -> TaskFigures {
        var figures = TaskFigures(samples: work.data.count)
        for measure in work.measures {
            switch measure {
            case .reconstruction:
                figures.metrics["reconstructionError"] = 8 / Double(round)
                figures.metrics["meanError"] = 4
            case .activity: continue
            case .confusion(_, let field):
                figures.tables["confusion"] = diagonal(work.data[field]?.classes ?? 0, count: work.data.count)
            case .accuracy: figures.metrics["accuracy"] = 1 - 0.5 / Double(round)
            }
        }
        return figures
    }

    private static func numbers(_ task: TaskDescription, seed: UInt64) -> [Float] {
        var random = Philox(key: seed, stream: 99)
        return (0..<task.elementCount).map { _ in random.nextUnit() - 0.5 }
    }

    private static func diagonal(_ classes: Int, count: Int) -> [[Int]] {
        (0..<classes).map { row in (0..<classes).map { $0 == row && row == 0 ? count : 0 } }
    }
}
