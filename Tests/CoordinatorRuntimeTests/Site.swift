import Coordination
import CoordinatorRuntime
import Foundation
import Kinds
import Logging
import RandomNumbers
import RunProtocol
import RunStore
import Synchronization

/// A folder with data, a plan and a coordinator's state.
final class Site: Sendable {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "site-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try write("samples.idx", Self.idx(shape: [60, 4], (0..<240).map { UInt8(truncatingIfNeeded: $0 * 37) }))
        try write("labels.idx", Self.idx(shape: [60], (0..<60).map { UInt8($0 % 3) }))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: folder.appending(path: name))
    }

    static func idx(type: UInt8 = 8, shape: [UInt8], _ payload: [UInt8]) -> [UInt8] {
        [0, 0, type, UInt8(shape.count)] + shape.flatMap { [0, 0, 0, $0] } + payload
    }

    var plan: String {
        """
        seed: 3
        data:
          unlabeled: samples.idx
          held_out: 10
          shards: 3
          labeled: {samples: samples.idx, labels: labels.idx, per_class: 2, draws: 2}
          test: {samples: samples.idx, labels: labels.idx}
        layers: [{units: 3}, {units: 2, patience: 1}]
        pretraining: {rounds: 2, replicas: 2, outer_optimizer: nesterov}
        fine_tuning: {epochs: 2}
        """
    }

    var submission: RunSubmission { RunSubmission(plan: plan, folder: folder.path) }

    // MARK: Coordinators

    /// A coordinator on this state; the one before must be out of use.
    func coordinator(_ times: ClusterTimes = ClusterTimes(), state: String = "state") async throws -> Coordinator {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return try await Coordinator(
            store: try await store(state), kinds: .standard, folders: DataFolders([folder.path]),
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
    func living<Result: Sendable>(
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

    /// The blobs that are there.
    func blobs(state: String = "state") throws -> Set<Digest> {
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
    var nonce: String { kept.withLock { $0.nonces[self] } ?? "nobody's nonce, and long" }

    /// - Returns: a token that proves nothing for a task that it was not given.
    func claim(on task: TaskID) -> TaskClaim {
        let token = kept.withLock { $0.tokens["\(self) \(task)"] }
        return TaskClaim(worker: self, token: token ?? LeaseToken(worker: self, code: Array(repeating: 0, count: 32)))
    }

    /// It registered again, and has the tokens that another name got.
    func inherit(from former: WorkerID, _ task: TaskID) {
        let token = former.claim(on: task).token
        kept.withLock { $0.tokens["\(self) \(task)"] = token }
    }
}

extension Heartbeat {
    /// - Parameter share: nil from a worker that says nothing of how far it is.
    init(worker: WorkerID, _ tasks: [TaskID], share: Double = 0) {
        self.init(
            worker: worker, nonce: worker.nonce,
            tasks: tasks.map { TaskProgress(task: $0, token: worker.claim(on: $0).token, share: share) })
    }
}

extension Coordinator {
    /// - Parameter process: nil for one of its own.
    func join(slots: Int = 8, process: WorkerRegistration? = nil) throws -> WorkerID {
        let registration =
            process
            ?? WorkerRegistration(host: "here", processID: 1, slots: slots, version: "1", instructionSet: "any")
        let worker = try register(registration).worker
        kept.withLock { $0.nonces[worker] = registration.nonce }
        return worker
    }

    /// - Returns: nil when no task comes up within `seconds`.
    func task(for worker: WorkerID, within seconds: Double = 30) async throws -> TaskDescription? {
        let request = LeaseRequest(worker: worker, nonce: worker.nonce, waitSeconds: seconds)
        guard let lease = try await lease(request) else { return nil }
        kept.withLock { $0.tokens["\(worker) \(lease.task.id)"] = lease.token }
        return lease.task
    }

    func release(_ task: TaskID, by worker: WorkerID, _ reason: TaskRelease.Reason? = nil) async throws {
        try await release(task, TaskRelease(worker.claim(on: task), reason))
    }

    /// A task with a vector; the measurement, which comes first, stays with the worker.
    func trainingTask(for worker: WorkerID) async throws -> TaskDescription? {
        let first = try await task(for: worker)
        return first?.elementCount == 0 ? try await task(for: worker) : first
    }

    func answer(_ task: TaskDescription, as worker: WorkerID) async throws -> UpdateReceipt.Verdict {
        try await send(UpdateFormat.encode(task: task.id, result: Answer.result(task)), to: task.id, as: worker)
    }

    func send(_ update: Data, to task: TaskID, as worker: WorkerID) async throws -> UpdateReceipt.Verdict {
        let path = uploadFolder + "/\(UUID().uuidString)"
        try update.write(to: URL(filePath: path))
        let file = UploadedFile(path: path, bytes: update.count, digest: Digest(of: update))
        return try await deliver(task, by: worker.claim(on: task), update: file).verdict
    }

    /// One worker answers until the run has ended; every task's inputs must be there.
    func finish(_ run: RunID) async throws -> RunStatus {
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
enum Answer {
    static func result(_ task: TaskDescription) -> TaskResult {
        switch task.work {
        case .train(let work):
            TaskResult(
                figures: TaskFigures(samples: work.data.count * work.settings.epochs, metrics: ["loss": 1]),
                vector: numbers(task, seed: work.seed))
        case .evaluate(let work) where work.objective != nil:
            TaskResult(
                figures: TaskFigures(
                    samples: work.data.count,
                    metrics: ["reconstructionError": 8 / Double(task.id.round), "meanError": 4]),
                vector: [])
        case .evaluate(let work):
            TaskResult(
                figures: TaskFigures(
                    samples: work.data.count,
                    tables: [
                        "confusion": diagonal(
                            work.field.flatMap { work.data[$0]?.classes } ?? 0, count: work.data.count)
                    ]),
                vector: [])
        case .fit(let work):
            TaskResult(
                figures: TaskFigures(samples: work.sets.reduce(0) { $0 + $1.count }), vector: numbers(task, seed: 1))
        case .encode(let work):
            TaskResult(figures: TaskFigures(samples: work.data.count), vector: numbers(task, seed: 1))
        }
    }

    private static func numbers(_ task: TaskDescription, seed: UInt64) -> [Float] {
        var random = Philox(key: seed, stream: 99)
        return (0..<task.elementCount).map { _ in random.nextUnit() - 0.5 }
    }

    private static func diagonal(_ classes: Int, count: Int) -> [[Int]] {
        (0..<classes).map { row in (0..<classes).map { $0 == row && row == 0 ? count : 0 } }
    }
}
