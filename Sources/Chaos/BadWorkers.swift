import CoordinatorClient
import Glibc
import RunProtocol
import Synchronization

/// A worker with nothing but unusable results. It is quarantined soon, and from then on the coordinator must take nothing of
/// it, whatever happens to the coordinator in between.
final class HostileWorker {
    private let connection: HTTPConnection
    private let registration: WorkerRegistration
    /// What it was given last, as a worker that has been quarantined may still hold it.
    private var last: (task: TaskDescription, claim: TaskClaim)?
    /// All names that it had.
    private(set) var names: Set<WorkerID> = []
    private(set) var isQuarantined = false

    init(number: Int, connection: HTTPConnection) {
        self.connection = connection
        registration = WorkerRegistration(
            host: "hostile", processID: number, slots: 1, version: "1", instructionSet: "any")
    }

    /// Sends results that are not finite until it is quarantined. Other faults may keep it from that.
    /// - Throws: `ChaosError` whenever a result of it is accepted.
    func attack(seconds: Double) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while !isQuarantined, ContinuousClock.now < end {
            try Patience.sleep(seconds: 0.02)
            try hearing { try sendResults(until: end) }
        }
    }

    /// Joins again, asks for a task, and sends a result of the last one that it had.
    /// - Throws: `ChaosError` whenever it gets or gives anything.
    func tryAgain() throws {
        guard isQuarantined else { return }
        try hearing {
            let worker = try join()
            if let last { try deliver(last.task, TaskClaim(worker: worker, token: last.claim.token)) }
        }
        try hearing {
            let worker = try join()
            guard try ask(as: worker) == nil else {
                throw ChaosError("\(worker), which is quarantined, was given a task")
            }
        }
    }

    private func join() throws -> WorkerID {
        let worker = try connection.register(registration).worker
        names.insert(worker)
        return worker
    }

    private func ask(as worker: WorkerID) throws -> TaskLease? {
        try connection.lease(LeaseRequest(worker: worker, nonce: registration.nonce, waitSeconds: 0.2))
    }

    private func sendResults(until end: ContinuousClock.Instant) throws {
        let worker = try join()
        while ContinuousClock.now < end {
            guard let lease = try ask(as: worker) else { continue }
            let claim = TaskClaim(worker: worker, token: lease.token)
            last = (lease.task, claim)
            do {
                try deliver(lease.task, claim)
            } catch let error as APIError where error.code == .refusedUpdate {}
        }
    }

    private func deliver(_ task: TaskDescription, _ claim: TaskClaim) throws {
        let result = TaskResult(
            figures: TaskFigures(samples: 1), vector: Array(repeating: .nan, count: task.elementCount))
        let update = try UpdateFormat.encode(task: task.id, result: result)
        guard try connection.deliver(task.id, by: claim, update: update).verdict != .accepted else {
            throw ChaosError("a result of \(claim.worker) that is not finite was accepted")
        }
    }

    /// Refusals are what should happen, and a coordinator that is down or has just started cannot answer.
    private func hearing(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as APIError {
            if error.code == .quarantined { isQuarantined = true }
        } catch is ConnectionError {}
    }
}

/// A worker that takes a task, says again and again that it is alive, and does not get on: others must do its task. After
/// half a minute it is gone: until then a run of which all others say that it fails waits for what this host would say.
final class HangingWorker: Sendable {
    private static let beatSeconds = 0.3
    private static let lifeSeconds = 30.0

    private let connection: HTTPConnection
    private let registration: WorkerRegistration
    private let isOver = Mutex(false)

    init(number: Int, configuration: ClientConfiguration) throws {
        connection = try HTTPConnection(configuration)
        registration = WorkerRegistration(
            host: "hanging", processID: number, slots: 1, version: "1", instructionSet: "any")
        Thread.start { [self] in hang() }
    }

    func end() { isOver.withLock { $0 = true } }

    private func hang() {
        var (name, held): (WorkerID?, TaskLease?) = (nil, nil)
        let end = ContinuousClock.now + .seconds(Self.lifeSeconds)
        while !isOver.withLock({ $0 }), .now < end {
            usleep(UInt32(Self.beatSeconds * 1e6))
            do {
                let worker = try name ?? connection.register(registration).worker
                name = worker
                if held == nil {
                    held = try connection.lease(
                        LeaseRequest(worker: worker, nonce: registration.nonce, waitSeconds: 0.2))
                }
                let tasks = held.map { [TaskProgress(task: $0.task.id, token: $0.token, share: 0)] } ?? []
                let reply = try connection.heartbeat(
                    Heartbeat(worker: worker, nonce: registration.nonce, tasks: tasks))
                if let task = held?.task.id, reply.abandon.contains(task) { held = nil }
            } catch let error as APIError where error.code == .notFound {
                name = nil
            } catch {
                // The coordinator is down, or the line is.
            }
        }
    }
}
