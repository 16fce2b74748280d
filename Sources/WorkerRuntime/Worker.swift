import DataFormats
import Dispatch
import FoundationEssentials
package import Logging
package import RunProtocol
import Synchronization
import TensorCore
import Training

/// A worker process' life: each slot leases a task, performs it on its own thread, and sends the result.
///
/// ```swift
/// let worker = Worker(connection: connection, registration: registration, settings: settings, logger: logger)
/// try worker.run()      // until `stop()` is called on another thread
/// ```
package final class Worker: Sendable {
    package struct Settings: Sendable {
        /// Where downloads are kept.
        package var cacheFolder: String
        /// How much memory codes may take.
        package var cacheBytes: Int
        /// How much of `cacheFolder` codes may take that find no room in memory.
        package var codeFolderBytes: Int
        /// How much memory the process may have; nil: what the machine and the process' limits leave.
        package var memoryBytes: Int?
        /// After `stop()`, tasks in hand may take this long to finish; then they are handed back.
        package var graceSeconds: Double
        /// Whether to wait until the coordinator's disk has room again, and until another worker does what finds no memory
        /// here.
        package var waitsForRoom: Bool
        /// Whether each slot stays on a core of its own, where there are enough. Two workers of one host would choose the
        /// same cores.
        package var pinsCores: Bool

        package init(
            cacheFolder: String, cacheBytes: Int = 4 << 30, codeFolderBytes: Int = 10 << 30, memoryBytes: Int? = nil,
            graceSeconds: Double = 30, waitsForRoom: Bool = true, pinsCores: Bool = false
        ) {
            self.cacheFolder = cacheFolder
            self.cacheBytes = cacheBytes
            self.codeFolderBytes = codeFolderBytes
            self.memoryBytes = memoryBytes
            self.graceSeconds = graceSeconds
            self.waitsForRoom = waitsForRoom
            self.pinsCores = pinsCores
        }
    }

    private struct State {
        var worker: WorkerID?
        var heartbeatSeconds = 3.0
        var tasks: [TaskID: TaskInHand] = [:]
        var stoppedAt: ContinuousClock.Instant?
        var finishedTasks = 0
        /// Ends the worker.
        var failure: (any Error)?
    }

    private struct TaskInHand {
        let token: LeaseToken
        /// How much of it is done, 0 ... 1.
        var share = 0.0
        var mustGiveUp = false
    }

    private let connection: any WorkerConnection
    private let registration: WorkerRegistration
    private let settings: Settings
    private let logger: Logger
    private let runner: TaskRunner
    private let state = Mutex(State())
    /// Registering is one slot's work at a time.
    private let registering = Mutex(())

    package init(
        connection: any WorkerConnection, registration: WorkerRegistration, settings: Settings, logger: Logger
    ) {
        self.connection = connection
        self.registration = registration
        self.settings = settings
        self.logger = logger
        let folder = CodeFolder(settings.cacheFolder + "/codes", limitBytes: settings.codeFolderBytes)
        let memory = MemoryBudget(limitBytes: settings.memoryBytes)
        let cache = CodeCache(
            limitBytes: settings.cacheBytes, folder: settings.cacheFolder.isEmpty ? nil : folder, memory: memory)
        runner = TaskRunner(
            inputs: TaskInputs(connection: connection, folder: settings.cacheFolder, cache: cache), memory: memory)
    }

    /// Works until `stop()` is called.
    ///
    /// - Throws: `APIError` whenever the coordinator will never accept this worker: a wrong token, another version.
    package func run() throws {
        let slots = DispatchGroup()
        let cores = settings.pinsCores ? CoreSet.cores(forSlots: registration.slots) : nil
        for slot in 0..<registration.slots {
            slots.enter()
            ComputeThread.start(core: cores?[slot]) { [self] in
                workUntilStopped()
                slots.leave()
            }
        }
        beatUntilDone(slots)
        if let failure = state.withLock({ $0.failure }) { throw failure }
        let tasks = state.withLock { $0.finishedTasks }
        logger.info("left after \(tasks) tasks")
    }

    /// Takes no more tasks; those in hand finish, or are handed back when their time is over. A second call hands them
    /// back at once.
    package func stop() {
        state.withLock { state in
            if state.stoppedAt == nil {
                state.stoppedAt = .now
            } else {
                for task in state.tasks.keys { state.tasks[task]?.mustGiveUp = true }
            }
        }
        connection.interrupt()
    }

    private var isStopped: Bool { state.withLock { $0.stoppedAt != nil } }

    // MARK: A slot

    private func workUntilStopped() {
        while !isStopped {
            var worker: WorkerID?
            do {
                let name = try registered()
                worker = name
                let request = LeaseRequest(
                    worker: name, nonce: registration.nonce, waitSeconds: Limits.longPollSeconds * 2 / 3)
                if let lease = try connection.lease(request) { work(on: lease, as: name) }
            } catch {
                handle(error, as: worker)
            }
        }
    }

    /// - Parameter worker: the name under which it got the lease.
    private func work(on lease: TaskLease, as worker: WorkerID) {
        let task = lease.task
        state.withLock { $0.tasks[task.id] = TaskInHand(token: lease.token) }
        defer { state.withLock { $0.tasks[task.id] = nil } }
        do {
            try runner.withMemory(for: task, isCancelled: { mustGiveUp(task.id, share: 0) }) {
                try perform(lease, as: worker)
            }
        } catch is TaskCancelled {
            logger.info("gave \(task.id) up", metadata: .about(task.id, worker))
            release(lease, nil)
        } catch ResultProblem.outOfRange(let what, let value) {
            let divergence = runner.explain(what, value, task)
            logger.warning("\(task.id) diverged: \(what) is \(value)", metadata: .about(task.id, worker))
            release(lease, .diverged(divergence))
        } catch let shortage as MemoryShortage {
            refuse(lease, as: worker, because: shortage)
        } catch let error as APIError where [.refusedUpdate, .unproven].contains(error.code) {
            // The coordinator has counted the attempt already, or never will.
            logger.warning("\(error)", metadata: .about(task.id, worker))
        } catch let error as APIError
            where error.code == .quarantined || error.code == .storageFull && !settings.waitsForRoom
        {
            end(error)
        } catch {
            logger.warning("\(task.id) came to nothing: \(error)", metadata: .about(task.id, worker))
            release(lease, error.reasonForRelease)
            if !error.isFaultOfTask { waitABit(seconds: 1) }
        }
    }

    private func perform(_ lease: TaskLease, as worker: WorkerID) throws {
        let task = lease.task
        let result = try runner.perform(task) { share in mustGiveUp(task.id, share: share) }
        if let problem = task.problem(of: result) { throw problem }
        let update = try UpdateFormat.encode(task: task.id, result: result)
        let receipt = try underItsName {
            try connection.deliver(task.id, by: TaskClaim(worker: $0, token: lease.token), update: update)
        }
        state.withLock { $0.finishedTasks += 1 }
        logger.debug(
            "\(task.id) \(receipt.verdict.rawValue) after \(result.figures.seconds) s",
            metadata: .about(task.id, worker))
    }

    private func refuse(_ lease: TaskLease, as worker: WorkerID, because shortage: MemoryShortage) {
        let task = lease.task.id
        let text = "it needs \(shortage.needed.asMemory) and has \(shortage.available.asMemory) here"
        guard settings.waitsForRoom else {
            return end(
                APIError(
                    .tooLarge, "the memory does not suffice for \(task): \(text)",
                    hint: "give its layers fewer units, or take a machine with more memory"))
        }
        logger.warning("\(task) is left to others: \(text)", metadata: .about(task, worker))
        release(lease, .needsMemory(needed: shortage.needed, available: shortage.available))
    }

    private func release(_ lease: TaskLease, _ reason: TaskRelease.Reason?) {
        // Where this fails too, the lease expires.
        do {
            try underItsName {
                try connection.release(
                    lease.task.id, TaskRelease(TaskClaim(worker: $0, token: lease.token), reason))
            }
        } catch { logger.debug("\(error)", metadata: .about(lease.task.id, lease.token.worker)) }
    }

    /// Calls the coordinator under this worker's name; where that is not known any more, once more under a new one: the
    /// tokens of its leases are good for both.
    private func underItsName<Answer>(_ call: (WorkerID) throws -> Answer) throws -> Answer {
        let worker = try registered()
        do { return try call(worker) } catch let error as APIError where error.code == .notFound {
            forget(worker)
            return try call(try registered())
        }
    }

    private func mustGiveUp(_ task: TaskID, share: Double) -> Bool {
        state.withLock { state in
            state.tasks[task]?.share = share
            if state.tasks[task]?.mustGiveUp != false { return true }
            return state.stoppedAt.map { ContinuousClock.now - $0 > .seconds(settings.graceSeconds) } ?? false
        }
    }

    // MARK: Registering

    private func registered() throws -> WorkerID {
        try registering.withLock { _ in
            if let worker = state.withLock({ $0.worker }) { return worker }
            let welcome = try connection.register(registration)
            state.withLock { state in
                state.worker = welcome.worker
                state.heartbeatSeconds = min(max(welcome.heartbeatSeconds, 0.05), 60)
            }
            logger.info(
                "joined as \(welcome.worker) with \(registration.slots) slots", metadata: .about(welcome.worker))
            return welcome.worker
        }
    }

    /// - Parameter worker: the name that the failed call used.
    private func handle(_ error: any Error, as worker: WorkerID?) {
        switch error {
        case let error as ConnectionError where error.reason == .interrupted: break
        case let error as APIError where error.code == .notFound:
            logger.info("the coordinator does not know this worker any more; it registers again")
            forget(worker)
        case let error as APIError
        where [.unauthorized, .quarantined, .incompatibleVersion, .badRequest].contains(error.code):
            end(error)
        case let error as APIError where error.code == .storageFull && !settings.waitsForRoom: end(error)
        default:
            logger.warning("\(error)")
            waitABit(seconds: 1)
        }
    }

    /// A name that the coordinator does not know is given up, unless another slot has got a new one already.
    private func forget(_ worker: WorkerID?) {
        state.withLock { if $0.worker == worker { $0.worker = nil } }
    }

    private func end(_ error: any Error) {
        state.withLock { $0.failure = $0.failure ?? error }
        stop()
    }

    private func waitABit(seconds: Double) {
        let end = ContinuousClock.now + .seconds(seconds)
        while !isStopped, .now < end { Pause.briefly() }
    }

    // MARK: Heartbeats

    private func beatUntilDone(_ slots: DispatchGroup) {
        while true {
            let seconds = state.withLock { $0.heartbeatSeconds }
            if slots.wait(timeout: .now() + seconds) == .success { return }
            do {
                // Who was named by a coordinator that has been started again since says at once what it works on.
                let reply = try underItsName { worker in
                    let tasks = state.withLock { state in
                        state.tasks.map { TaskProgress(task: $0.key, token: $0.value.token, share: $0.value.share) }
                    }
                    return try connection.heartbeat(
                        Heartbeat(
                            worker: worker, nonce: registration.nonce,
                            tasks: tasks.sorted { $0.task.description < $1.task.description }))
                }
                state.withLock { state in
                    for task in reply.abandon { state.tasks[task]?.mustGiveUp = true }
                }
            } catch {
                logger.debug("\(error)")
            }
        }
    }
}

extension Error {
    /// Whether the same task would fail elsewhere too; else the line, the coordinator or this host is to blame.
    fileprivate var isFaultOfTask: Bool {
        switch self {
        case let error as APIError: [.invalidData, .notFound].contains(error.code)
        case let error as DataError: ![.notFound, .unreadable, .storageFull, .unwritable].contains(error.code)
        default: self is ResultProblem || self is UpdateError
        }
    }

    fileprivate var reasonForRelease: TaskRelease.Reason? {
        if (self as? ConnectionError)?.reason == .damagedBlob { return .damagedInput }
        return isFaultOfTask ? .failed("\(self)") : nil
    }
}
