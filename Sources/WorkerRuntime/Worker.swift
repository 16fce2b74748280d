import DataFormats
import Dispatch
import Glibc
package import Logging
package import RunProtocol
import Synchronization
import TensorCore
import Training

/// A worker process' life: each slot leases a task, performs it on its own thread, and sends the result. One request for a
/// task waits at a time, however many slots are free.
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
            (self.cacheFolder, self.cacheBytes, self.codeFolderBytes) = (cacheFolder, cacheBytes, codeFolderBytes)
            (self.memoryBytes, self.graceSeconds, self.waitsForRoom) = (memoryBytes, graceSeconds, waitsForRoom)
            self.pinsCores = pinsCores
        }
    }

    struct State {
        var worker: WorkerID?
        var heartbeatSeconds = 3.0
        var tasks: [TaskID: TaskInHand] = [:]
        /// Goes up as long as any slot gets on with fetching and encoding what tasks read: slots wait for each other there.
        var preparation = 0
        var stoppedAt: ContinuousClock.Instant?
        var finishedTasks = 0
        /// What keeps it from working or delivering, by what it was about; told to the coordinator.
        var troubles: [Trouble: String] = [:]
        /// Ends the worker.
        var failure: (any Error)?
    }

    /// What cannot be done for now.
    enum Trouble: Hashable {
        case asking
        case delivering(TaskID), fetching(TaskID)

        var isFetching: Bool { if case .fetching = self { true } else { false } }
    }

    struct TaskInHand {
        let token: LeaseToken
        /// How much of it is done, 0 ... 1.
        var share = 0.0
        /// How often it has got on since its inputs were there, and the worker's `preparation` when they were.
        var steps = 0
        var preparationBefore: Int?
        var mustGiveUp = false
    }

    let connection: any WorkerConnection
    let registration: WorkerRegistration
    let settings: Settings
    let logger: Logger
    let runner: TaskRunner
    let state = Mutex(State())
    /// Registering is one slot's work at a time.
    private let registering = Mutex(())
    /// So is asking for a task: a slot that waits asks for all. How often that has come to nothing in a row.
    private let asking = Mutex(0)

    package init(
        connection: any WorkerConnection, registration: WorkerRegistration, settings: Settings, logger: Logger
    ) {
        (self.connection, self.registration, self.settings, self.logger) = (connection, registration, settings, logger)
        let folder = CodeFolder(settings.cacheFolder + "/codes", limitBytes: settings.codeFolderBytes)
        let memory = MemoryBudget(limitBytes: settings.memoryBytes)
        let cache = CodeCache(
            limitBytes: settings.cacheBytes, folder: settings.cacheFolder.isEmpty ? nil : folder, memory: memory)
        runner = TaskRunner(
            inputs: TaskInputs(connection: connection, folder: settings.cacheFolder, cache: cache), memory: memory)
    }

    /// Works until `stop()` is called.
    /// - Throws: `APIError` whenever the coordinator will never accept this worker: a wrong token, another version.
    package func run() throws {
        let slots = DispatchGroup()
        let cores = settings.pinsCores ? CoreSet.cores(forSlots: registration.slots) : nil
        for slot in 0..<registration.slots {
            slots.enter()
            ComputeThread.start(core: cores?[slot]) { [self] in
                while !isStopped {
                    if let (lease, worker) = nextLease() { work(on: lease, as: worker) }
                }
                slots.leave()
            }
        }
        beatUntilDone(slots)
        leave()
        if let failure = state.withLock({ $0.failure }) { throw failure }
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

    /// Says so, that nobody waits for it.
    private func leave() {
        let (worker, tasks) = state.withLock { ($0.worker, $0.finishedTasks) }
        do {
            if let worker { try connection.leave(worker, WorkerLeave(nonce: registration.nonce)) }
            logger.info("left after \(tasks) tasks")
        } catch { logger.info("left after \(tasks) tasks; the coordinator could not be told: \(error)") }
    }

    var isStopped: Bool { state.withLock { $0.stoppedAt != nil } }

    // MARK: A slot

    /// Waits for a task; after an error longer and longer.
    private func nextLease() -> (TaskLease, WorkerID)? {
        asking.withLock { failures in
            guard !isStopped else { return nil }
            var worker: WorkerID?
            do {
                let name = try registered()
                worker = name
                let request = LeaseRequest(
                    worker: name, nonce: registration.nonce, waitSeconds: Limits.longPollSeconds * 2 / 3)
                let lease = try connection.lease(request)
                failures = 0
                isMended(.asking)
                return lease.map { ($0, name) }
            } catch {
                guard handle(error, as: worker) else { return nil }
                failures += 1
                let seconds = Backoff.seconds(afterFailures: failures)
                isTrouble(.asking, "no task can be asked for: \(error)")
                logger.warning("\(error); asking again in \(seconds.inTenths) s")
                pause(seconds: seconds)
                return nil
            }
        }
    }

    /// Calls the coordinator under this worker's name; where that is not known any more, once more under a new one: the
    /// tokens of its leases are good for both.
    func underItsName<Answer>(_ call: (WorkerID) throws -> Answer) throws -> Answer {
        let worker = try registered()
        do { return try call(worker) } catch let error as APIError where error.code == .notFound {
            forget(worker)
            return try call(try registered())
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
                "joined as \(welcome.worker) with \(registration.slots.counted("slot"))",
                metadata: .about(welcome.worker))
            return welcome.worker
        }
    }

    /// - Parameter worker: the name that the failed call used.
    /// - Returns: whether the same is to be tried again after a while.
    private func handle(_ error: any Error, as worker: WorkerID?) -> Bool {
        switch error {
        case let error as ConnectionError where error.reason == .interrupted: return false
        case let error as APIError where error.code == .notFound:
            logger.info("the coordinator does not know this worker any more; it registers again")
            forget(worker)
            return false
        case let error as APIError
        where [.unauthorized, .quarantined, .incompatibleVersion, .badRequest].contains(error.code):
            end(error)
            return false
        case let error as APIError where error.code == .storageFull && !settings.waitsForRoom:
            end(error)
            return false
        default: return true
        }
    }

    /// A name that the coordinator does not know is given up, unless another slot has got a new one already.
    private func forget(_ worker: WorkerID?) { state.withLock { if $0.worker == worker { $0.worker = nil } } }

    func end(_ error: any Error) {
        state.withLock { $0.failure = $0.failure ?? error }
        stop()
    }

    // MARK: Troubles

    func isTrouble(_ trouble: Trouble, _ text: String) {
        state.withLock { $0.troubles[trouble] = String(text.prefix(Limits.troubleCharacters)) }
    }

    func isMended(_ trouble: Trouble) { state.withLock { $0.troubles[trouble] = nil } }

    /// - Parameter isOver: ends the pause early; so does `stop()`.
    func pause(seconds: Double, unless isOver: () -> Bool = { false }) {
        let end = ContinuousClock.now + .seconds(seconds)
        while !isStopped, !isOver(), .now < end { Pause.briefly() }
    }

    // MARK: Heartbeats

    private func beatUntilDone(_ slots: DispatchGroup) {
        var failures = 0
        while true {
            let seconds = state.withLock { $0.heartbeatSeconds }
            if slots.wait(timeout: .now() + seconds) == .success { return }
            do {
                // Who was named by a coordinator that has been started again since says at once what it works on.
                let reply = try underItsName { try connection.heartbeat(heartbeat(as: $0)) }
                failures = 0
                state.withLock { state in
                    for task in reply.abandon { state.tasks[task]?.mustGiveUp = true }
                }
            } catch {
                failures += 1
                // The first of a row is said, and then ever fewer.
                let isSaid = failures & (failures - 1) == 0
                logger.log(level: isSaid ? .warning : .debug, "no heartbeat gets through (\(failures) times): \(error)")
            }
        }
    }

    private func heartbeat(as worker: WorkerID) -> Heartbeat {
        state.withLock { state in
            let tasks = state.tasks.map { task, hand in
                TaskProgress(
                    task: task, token: hand.token, share: hand.share,
                    activity: hand.steps + (hand.preparationBefore ?? state.preparation))
            }
            return Heartbeat(
                worker: worker, nonce: registration.nonce,
                tasks: tasks.sorted { $0.task.description < $1.task.description },
                trouble: state.troubles.values.sorted().first)
        }
    }
}

extension Double {
    /// Such as `1.5`.
    var inTenths: String { "\((self * 10).rounded() / 10)" }
}

/// How long to wait before the same is tried again: longer after each failure in a row, drawn at random from the upper half
/// of a range, so that many workers do not come back in step.
enum Backoff {
    static let firstSeconds = 1.0
    static let longestSeconds = 60.0

    /// - Parameters:
    ///   - failures: in a row, from 1.
    ///   - random: 0 ..< 1, drawn anew for each pause.
    static func seconds(afterFailures failures: Int, random: Double = .random(in: 0..<1)) -> Double {
        let range = min(longestSeconds, firstSeconds * Double(1 << min(max(failures - 1, 0), 20)))
        return range * (1 + random) / 2
    }
}

/// Sleeping on the slots' own threads.
enum Pause { static func briefly() { usleep(2_000) } }
