import Coordination
import CoordinatorRuntime
import Foundation
import Kinds
import ModelFormat
import PlanFile
import RunProtocol
import Testing
import WorkerRuntime

/// Workers on a real coordinator in the same process.
@Suite(.timeLimit(.minutes(5))) struct WorkerTests {
    private let site: Site

    init() throws {
        site = try Site()
    }

    /// Runs the plan with these workers to its end.
    private func run(
        state: String = "state", times: ClusterTimes = ClusterTimes(), pretraining: String = "",
        fineTuning: String = "", top: String = "", _ workers: (Coordinator) -> [Worker]
    ) async throws -> RunStatus {
        let coordinator = try await site.coordinator(times, state: state)
        let life = Task { try await coordinator.run() }
        let workers = workers(coordinator)
        let threads = workers.map { $0.start() }
        let run = try await coordinator.submit(site.submission(pretraining, fineTuning: fineTuning, top: top)).id
        let status = try await end(of: run, coordinator)
        workers.forEach { $0.stop() }
        for thread in threads { try await thread.value }
        life.cancel()
        try await life.value
        return status
    }

    private func end(of run: RunID, _ coordinator: Coordinator) async throws -> RunStatus {
        var status = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
        while !status.state.isFinal {
            status = try await coordinator.status(of: run, after: status.revision, waitSeconds: 5)
        }
        return status
    }

    private func reference() async throws -> [ExportDescription] {
        let status = try await run(state: "reference") { [Worker.with(LocalConnection($0))] }
        #expect(status.state == .finished, "\(status.reason ?? "")")
        return status.exports
    }

    @Test func slotsAndWorkersGiveTheSameExports() async throws {
        let expected = try await reference()
        #expect(expected.count == 2)
        let slots = try await run(state: "slots") { [Worker.with(LocalConnection($0), slots: 3)] }
        #expect(slots.exports == expected)
        let workers = try await run(state: "workers") { coordinator in
            (0..<3).map { _ in Worker.with(LocalConnection(coordinator)) }
        }
        #expect(workers.exports == expected)
    }

    /// On codes that the cache keeps, and on whole samples.
    @Test(arguments: ["encoder_learning_rate: 0, input_dropout: 0", "layer_rate_decay: 0.5, validation_per_class: 1"])
    func selfTrainingGivesTheSameExports(keys: String) async throws {
        let tuning = ", \(keys), pseudo_labels: {rounds: 2, batch_size: 8, confidence: 0.3}"
        let sparse = ", top_k: 1, salt_and_pepper: 0.1, revive_dead_units: true"
        var exports: Set<[ExportDescription]> = []
        for slots in [1, 3] {
            let status = try await run(state: "slots-\(slots)", pretraining: sparse, fineTuning: tuning) {
                [Worker.with(LocalConnection($0), slots: slots)]
            }
            #expect(status.state == .finished, "\(status.reason ?? "")")
            let metrics = status.stages[0].history.map(\.metrics)
            #expect(metrics.contains { ($0["keptShare"] ?? 1) <= 1 / 3 && $0["unusedUnits"] != nil })
            exports.insert(status.exports)
        }
        #expect(exports.count == 1)
    }

    /// Encoders below stay, their decoders go on learning; a third layer on codes leaves both.
    @Test(arguments: ["samples", "codes"]) func aLayerMayGiveBackTheSamples(target: String) async throws {
        var models: [Model] = []
        for top in ["", ", {units: 2, target: \(target), rounds: 2, output_activation: tanh}"] {
            let state = "layers\(top.count)"
            let status = try await run(state: state, top: top) { [Worker.with(LocalConnection($0), slots: 2)] }
            #expect(status.state == .finished, "\(status.reason ?? "")")
            let digest = try #require(status.exports.first { $0.part == .pretrained }).digest.hex
            let path = site.folder.appending(path: "\(state)/blobs/\(digest.prefix(2))/\(digest)")
            models.append(try ModelKinds.standard.model(decoding: [UInt8](try Data(contentsOf: path)), path: path.path))
        }
        let (two, three) = (models[0].byName, models[1].byName)
        for (name, values) in two {
            let isSame = target == "codes" || name.hasPrefix("encoder")
            #expect((values == three[name]) == isSame, "\(name)")
        }
        #expect(three.count == 12 && models[1].description.graph.nodes.count { $0.name.hasPrefix("decoder") } == 3)
    }

    @Test func whereCodesAreKeptChangesNothing() async throws {
        let expected = try await reference()
        let cache = site.folder.appending(path: "cache").path
        func codeFiles() -> Int { (try? FileManager.default.contentsOfDirectory(atPath: cache + "/codes").count) ?? 0 }
        // All in memory; some of them; none, all in files; the same files again; nowhere.
        for (place, bytes, files) in [
            (cache, 1 << 20, 0...0), (cache, 150, 1...4), (cache, 0, 4...4), (cache, 0, 4...4), ("", 0, 4...4),
        ] {
            let status = try await run(state: "\(UUID())") {
                [Worker.with(LocalConnection($0), slots: 2, cacheFolder: place, cacheBytes: bytes)]
            }
            #expect(status.exports == expected)
            #expect(files.contains(codeFiles()), "\(codeFiles()) files with \(bytes) bytes of memory")
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func aBadLineGivesTheSameExports(seed: UInt64) async throws {
        let expected = try await reference()
        let times = ClusterTimes(leaseMilliseconds: 400)
        let status = try await run(times: times) { coordinator in
            (0..<2).map { index in
                let line = FlakyConnection(LocalConnection(coordinator), seed: seed * 10 + UInt64(index), percent: 12)
                return Worker.with(line, slots: 3)
            }
        }
        #expect(status.state == .finished, "\(status.reason ?? "")")
        #expect(status.exports == expected)
    }

    @Test func itRegistersAgainWhenTheCoordinatorWasStartedAgain() async throws {
        let expected = try await reference()
        let run = try await site.coordinator().submit(site.submission()).id
        let line = FlakyConnection(NobodyThere())
        let worker = Worker.with(line, slots: 2)
        let thread = worker.start()
        var facts = 4
        var status = try await life(of: run, on: line, until: facts)
        while !status.state.isFinal {
            facts += 7
            status = try await life(of: run, on: line, until: facts)
        }
        worker.stop()
        try await thread.value
        #expect(status.exports == expected)
    }

    /// A coordinator that lives until so many facts are recorded.
    private func life(of run: RunID, on line: FlakyConnection, until facts: Int) async throws -> RunStatus {
        let coordinator = try await site.coordinator()
        line.connect(to: LocalConnection(coordinator))
        let life = Task { try await coordinator.run() }
        var status = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
        while !status.state.isFinal, status.revision < facts {
            status = try await coordinator.status(of: run, after: status.revision, waitSeconds: 5)
        }
        life.cancel()
        try await life.value
        line.connect(to: NobodyThere())
        return status
    }

    @Test func stoppingHandsTheTaskBack() async throws {
        let coordinator = try await site.coordinator()
        let life = Task { try await coordinator.run() }
        let worker = Worker.with(LocalConnection(coordinator), slots: 2)
        let thread = worker.start()
        let run = try await coordinator.submit(site.submission(", local_epochs: 10000")).id
        while try await coordinator.status(of: run, after: nil, waitSeconds: 0).tasksInProgress < 2 {
            try await Task.sleep(for: .milliseconds(5))
        }
        let time = try await ContinuousClock().measure {
            worker.stop()
            try await thread.value
        }
        #expect(time < .seconds(10))
        let status = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
        #expect(status.tasksInProgress == 0)
        #expect(status.state == .waiting)
        life.cancel()
        try await life.value
    }

    @Test func aWorkerThatOnlyWaitsStopsAtOnce() async throws {
        let coordinator = try await site.coordinator()
        for delay in [0, 1, 5, 50] {
            let worker = Worker.with(LocalConnection(coordinator), slots: 4)
            let thread = worker.start()
            try await Task.sleep(for: .milliseconds(delay))
            let time = try await ContinuousClock().measure {
                worker.stop()
                try await thread.value
            }
            #expect(time < .seconds(8))
        }
    }

    @Test func aCancelledRunsTasksAreGivenUp() async throws {
        let coordinator = try await site.coordinator(ClusterTimes(leaseMilliseconds: 500))
        let life = Task { try await coordinator.run() }
        let worker = Worker.with(LocalConnection(coordinator), slots: 2, graceSeconds: 60)
        let thread = worker.start()
        let long = try await coordinator.submit(site.submission(", local_epochs: 10000")).id
        while try await coordinator.status(of: long, after: nil, waitSeconds: 0).tasksInProgress < 2 {
            try await Task.sleep(for: .milliseconds(5))
        }
        _ = try await coordinator.cancel(long)
        let short = try await coordinator.submit(site.submission()).id
        #expect(try await end(of: short, coordinator).state == .finished)
        worker.stop()
        try await thread.value
        life.cancel()
        try await life.value
    }

    @Test func aWorkerWithoutRoomDoesNotFailTheRun() async throws {
        let expected = try await reference()
        let status = try await run { coordinator in
            let broken = FlakyConnection(LocalConnection(coordinator), hasDisk: false)
            return [Worker.with(broken, slots: 2), Worker.with(LocalConnection(coordinator))]
        }
        #expect(status.exports == expected)
    }

    @Test func aTrainingThatDivergesFailsTheRunWithItsReason() async throws {
        let settings = ", optimizer: sgd, learning_rate: 100, local_epochs: 100, loss: mean_squared_error"
        let status = try await run(pretraining: settings) { [Worker.with(LocalConnection($0), slots: 2)] }
        #expect(status.state == .failed)
        #expect(status.reason?.contains("the training of layer 1 has diverged") == true, "\(status.reason ?? "")")
        #expect(status.reason?.contains("\n") == false)
    }

    @Test func tasksThatCannotBeAreGivenBackWithTheReason() async throws {
        let connection = Absurd()
        let worker = Worker.with(connection)
        let thread = worker.start()
        while !connection.isDone { try await Task.sleep(for: .milliseconds(5)) }
        worker.stop()
        try await thread.value
        let failures = connection.failures
        #expect(failures.count == Absurd.tasks.count)
        #expect(failures.allSatisfy { $0?.contains("asks for sizes that do not belong together") == true })
    }

    @Test func aWorkerThatIsNeverWantedEndsWithTheReason() async throws {
        let connection = Refusing()
        let thread = Worker.with(connection, slots: 2).start()
        let error = await #expect(throws: APIError.self) { try await thread.value }
        #expect(error?.code == .unauthorized)
    }
}

/// While there is no coordinator.
private final class NobodyThere: WorkerConnection {
    private var error: ConnectionError { ConnectionError(.unreachable, "nobody is there") }

    func register(_ registration: WorkerRegistration) throws -> WorkerWelcome { throw error }
    func lease(_ request: LeaseRequest) throws -> TaskLease? { throw error }
    func heartbeat(_ heartbeat: Heartbeat) throws -> HeartbeatReply { throw error }
    func release(_ task: TaskID, _ release: TaskRelease) throws { throw error }
    func deliver(_ task: TaskID, by claim: TaskClaim, update: Data) throws -> UpdateReceipt { throw error }
    func localCopy(of blob: Digest, in folder: String, progress: @escaping (Int) -> Void) throws -> String {
        throw error
    }
    func leave(_ worker: WorkerID, _ leave: WorkerLeave) throws { throw error }
    func interrupt() {}
}

/// A coordinator that wants another token.
private final class Refusing: WorkerConnection {
    private var error: APIError { APIError(.unauthorized, "the token is another") }

    func register(_ registration: WorkerRegistration) throws -> WorkerWelcome { throw error }
    func lease(_ request: LeaseRequest) throws -> TaskLease? { throw error }
    func heartbeat(_ heartbeat: Heartbeat) throws -> HeartbeatReply { throw error }
    func release(_ task: TaskID, _ release: TaskRelease) throws { throw error }
    func deliver(_ task: TaskID, by claim: TaskClaim, update: Data) throws -> UpdateReceipt { throw error }
    func localCopy(of blob: Digest, in folder: String, progress: @escaping (Int) -> Void) throws -> String {
        throw error
    }
    func leave(_ worker: WorkerID, _ leave: WorkerLeave) throws { throw error }
    func interrupt() {}
}

extension Model {
    fileprivate var byName: [String: ArraySlice<Float>] {
        var rest = weights[...]
        return description.parameters.reduce(into: [:]) { tensors, parameter in
            tensors[parameter.name] = rest.prefix(parameter.count)
            rest = rest.dropFirst(parameter.count)
        }
    }
}
