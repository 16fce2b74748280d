import Coordination
import CoordinatorRuntime
import Foundation
import Kinds
import Logging
import RandomNumbers
import RunProtocol
import RunStore
import Synchronization
import WorkerRuntime

/// A folder with data and coordinators' states.
final class Site: Sendable {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "site-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var random = Philox(key: 8, stream: 0)
        let samples = (0..<240).map { _ in UInt8(truncatingIfNeeded: random.nextBits()) }
        try Data([0, 0, 8, 2, 0, 0, 0, 60, 0, 0, 0, 4] + samples).write(to: folder.appending(path: "samples.idx"))
        try Data([0, 0, 8, 1, 0, 0, 0, 60] + (0..<60).map { UInt8($0 % 3) })
            .write(to: folder.appending(path: "labels.idx"))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// - Parameters:
    ///   - pretraining: more of its keys.
    ///   - fineTuning: more of its keys.
    ///   - top: more layers.
    func submission(_ pretraining: String = "", fineTuning: String = "", top: String = "") -> RunSubmission {
        let plan = """
            data:
              unlabeled: samples.idx
              held_out: 10
              shards: 3
              labeled: {samples: samples.idx, labels: labels.idx, per_class: 2, draws: 2}
              test: {samples: samples.idx, labels: labels.idx}
            layers: [{units: 3}, {units: 2, patience: 2}\(top)]
            pretraining: {rounds: 3, replicas: 3, batch_size: 4\(pretraining)}
            fine_tuning: {epochs: 3, batch_size: 4\(fineTuning)}
            """
        return RunSubmission(plan: plan, folder: folder.path)
    }

    func coordinator(_ times: ClusterTimes = ClusterTimes(), state: String = "state") async throws -> Coordinator {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return try await Coordinator(
            store: try await store(state), kinds: .standard, folders: DataFolders([folder.path]),
            defaultFolder: folder.path,
            version: "1", logger: logger, times: times)
    }

    /// A coordinator that lives as long as `body` takes.
    func withCoordinator(
        _ times: ClusterTimes = ClusterTimes(), _ body: (Coordinator) async throws -> Void
    ) async throws {
        let coordinator = try await coordinator(times)
        let life = Task { try await coordinator.run() }
        defer { life.cancel() }
        try await body(coordinator)
        life.cancel()
        try await life.value
    }

    /// The one before gives the folder free when the last task that knows it has ended.
    private func store(_ state: String) async throws -> RunStore {
        for _ in 0..<1_000 {
            if let store = try? RunStore(folder: folder.appending(path: state).path) { return store }
            try await Task.sleep(for: .milliseconds(10))
        }
        return try RunStore(folder: folder.appending(path: state).path)
    }
}

extension Worker {
    /// - Parameter graceSeconds: none, so that tests end soon.
    static func with(
        _ connection: any WorkerConnection, slots: Int = 1, graceSeconds: Double = 0, cacheFolder: String = "",
        cacheBytes: Int = 1 << 20
    ) -> Worker {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return Worker(
            connection: connection,
            registration: WorkerRegistration(
                host: "here", processID: 1, slots: slots, version: "1", instructionSet: "any"),
            settings: Settings(cacheFolder: cacheFolder, cacheBytes: cacheBytes, graceSeconds: graceSeconds),
            logger: logger)
    }

    /// Starts its life on a thread of its own.
    func start() -> Task<Void, any Error> {
        Task {
            try await withCheckedThrowingContinuation { continuation in
                Thread { continuation.resume(with: Result { try self.run() }) }.start()
            }
        }
    }
}

/// Passes calls on, or does not; or loses the answer.
final class FlakyConnection: WorkerConnection {
    private let target: Mutex<any WorkerConnection>
    private let random: Mutex<Philox>
    private let percent: Int
    private let hasDisk: Bool

    /// - Parameters:
    ///   - percent: of how many calls something goes wrong.
    ///   - hasDisk: whether there is room for blobs.
    init(_ target: any WorkerConnection, seed: UInt64 = 0, percent: Int = 0, hasDisk: Bool = true) {
        self.hasDisk = hasDisk
        self.target = Mutex(target)
        random = Mutex(Philox(key: seed, stream: 0))
        self.percent = percent
    }

    /// The coordinator was started again.
    func connect(to other: any WorkerConnection) {
        target.withLock { $0 = other }
    }

    private func call<Answer>(_ body: (any WorkerConnection) throws -> Answer) throws -> Answer {
        let luck = random.withLock { $0.next(below: 200) }
        if luck < percent { throw ConnectionError(.unreachable, "it is dark") }
        let connection = target.withLock { $0 }
        let answer = try body(connection)
        if luck < 2 * percent { throw ConnectionError(.timedOut, "the answer was lost") }
        return answer
    }

    func register(_ registration: WorkerRegistration) throws -> WorkerWelcome {
        try call { try $0.register(registration) }
    }

    func lease(_ request: LeaseRequest) throws -> TaskLease? { try call { try $0.lease(request) } }
    func heartbeat(_ heartbeat: Heartbeat) throws -> HeartbeatReply { try call { try $0.heartbeat(heartbeat) } }
    func release(_ task: TaskID, _ release: TaskRelease) throws { try call { try $0.release(task, release) } }

    func deliver(_ task: TaskID, by claim: TaskClaim, update: Data) throws -> UpdateReceipt {
        try call { try $0.deliver(task, by: claim, update: update) }
    }

    func leave(_ worker: WorkerID, _ leave: WorkerLeave) throws { try call { try $0.leave(worker, leave) } }

    func localCopy(of blob: Digest, in folder: String, progress: @escaping (Int) -> Void) throws -> String {
        guard hasDisk else { throw CocoaError(.fileWriteOutOfSpace) }
        return try call { try $0.localCopy(of: blob, in: folder, progress: progress) }
    }

    func interrupt() { target.withLock { $0 }.interrupt() }
}
