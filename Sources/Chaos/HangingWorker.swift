import CoordinatorClient
import Glibc
import RunProtocol
import Synchronization

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
