import Coordination
import CoordinatorRuntime
import Foundation
import RunProtocol
import TestSite
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
        state: String = "state", times: ClusterTimes = ClusterTimes(), training: String = "",
        _ workers: (Coordinator) -> [Worker]
    ) async throws -> RunStatus {
        let coordinator = try await site.coordinator(times, state: state)
        let life = Task { try await coordinator.run() }
        let workers = workers(coordinator)
        let threads = workers.map { $0.start() }
        let run = try await coordinator.submit(site.submission(adding: training)).id
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
        let run = try await site.coordinator().submit(site.submission(adding: "")).id
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
        let run = try await coordinator.submit(site.submission(adding: ", local_epochs: 100000")).id
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
        let long = try await coordinator.submit(site.submission(adding: ", local_epochs: 100000")).id
        while try await coordinator.status(of: long, after: nil, waitSeconds: 0).tasksInProgress < 2 {
            try await Task.sleep(for: .milliseconds(5))
        }
        _ = try await coordinator.cancel(long)
        let short = try await coordinator.submit(site.submission(adding: "")).id
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
        let status = try await run(training: ", learning_rate: 100, local_epochs: 1000") {
            [Worker.with(LocalConnection($0), slots: 2)]
        }
        #expect(status.state == .failed)
        #expect(
            status.reason?.contains("the training of the classifier has diverged") == true, "\(status.reason ?? "")")
        #expect(status.reason?.contains("\n") == false)
    }

    @Test func tasksThatCannotBeAreGivenBackWithTheReason() async throws {
        #expect(throws: Never.self) { try Absurd.possible.check() }
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
