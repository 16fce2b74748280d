import DataFormats
import FoundationEssentials
import Logging
import RunProtocol
import Synchronization
import Training

/// What becomes of a task that a slot has got.
extension Worker {
    /// - Parameter worker: the name under which it got the lease.
    func work(on lease: TaskLease, as worker: WorkerID) {
        let task = lease.task
        state.withLock { $0.tasks[task.id] = TaskInHand(token: lease.token) }
        let reason = outcome(of: lease, as: worker)
        // First it is off the list: a heartbeat must not claim again what is given back.
        state.withLock { state in
            state.tasks[task.id] = nil
            state.troubles[.delivering(task.id)] = nil
        }
        switch reason {
        case .settled: state.withLock { $0.troubles = $0.troubles.filter { !$0.key.isFetching } }
        case .givenBack(let reason): release(lease, reason)
        case .unreachable(let error):
            release(lease, error.reasonForRelease)
            let failures = state.withLock { state in
                state.troubles[.fetching(task.id)] = "\(task.id) cannot be done: \(error)"
                return state.troubles.keys.count(where: \.isFetching)
            }
            pause(seconds: Backoff.seconds(afterFailures: failures))
        }
    }

    private enum Ending {
        /// The coordinator has the result, or will hear nothing of the task.
        case settled
        case givenBack(TaskRelease.Reason?)
        /// The line, the coordinator or this host is to blame: it waits before it takes another.
        case unreachable(any Error)
    }

    private func outcome(of lease: TaskLease, as worker: WorkerID) -> Ending {
        let task = lease.task
        do {
            try runner.withMemory(for: task, isCancelled: { isUnwanted(task.id) }) {
                try perform(lease, as: worker)
            }
            return .settled
        } catch is TaskCancelled {
            logger.info("gave \(task.id) up", metadata: .about(task.id, worker))
            return .givenBack(nil)
        } catch ResultProblem.outOfRange(let what, let value) {
            logger.warning("\(task.id) diverged: \(what) is \(value)", metadata: .about(task.id, worker))
            return .givenBack(.diverged(runner.explain(what, value, task)))
        } catch let shortage as MemoryShortage {
            return refuse(task.id, as: worker, because: shortage)
        } catch let error as APIError where [.refusedUpdate, .unproven].contains(error.code) {
            // The coordinator has counted the attempt already, or never will.
            logger.warning("\(error)", metadata: .about(task.id, worker))
            return .settled
        } catch let error as APIError
            where [.quarantined, .unauthorized].contains(error.code)
            || error.code == .storageFull && !settings.waitsForRoom
        {
            end(error)
            return .settled
        } catch {
            logger.warning("\(task.id) came to nothing: \(error)", metadata: .about(task.id, worker))
            return error.isFaultOfTask ? .givenBack(error.reasonForRelease) : .unreachable(error)
        }
    }

    private func perform(_ lease: TaskLease, as worker: WorkerID) throws {
        let task = lease.task
        let result = try runner.perform(task) { [self] share in
            getsOn(task.id, share: share)
            return isUnwanted(task.id)
        }
        if let problem = task.problem(of: result) { throw problem }
        let update = try UpdateFormat.encode(task: task.id, result: result)
        let receipt = try deliver(update, of: lease, as: worker)
        state.withLock { $0.finishedTasks += 1 }
        logger.debug(
            "\(task.id) \(receipt.verdict.rawValue) after \(result.figures.seconds) s",
            metadata: .about(task.id, worker))
    }

    /// Sends a result until the coordinator has taken it, or does not want it any more: it is not computed again because
    /// of what stands between.
    private func deliver(_ update: Data, of lease: TaskLease, as worker: WorkerID) throws -> UpdateReceipt {
        let task = lease.task.id
        var failures = 0
        while true {
            guard !isUnwanted(task) else { throw TaskCancelled() }
            do {
                return try underItsName {
                    try connection.deliver(task, by: TaskClaim(worker: $0, token: lease.token), update: update)
                }
            } catch  where error.leavesAResultWanted(waitsForRoom: settings.waitsForRoom) {
                failures += 1
                let seconds = Backoff.seconds(afterFailures: failures)
                let text = "the result of \(task) (\(update.count) bytes) cannot be delivered: \(error)"
                isTrouble(.delivering(task), text)
                logger.warning(
                    "\(text); it is kept and sent again in \(seconds.inTenths) s", metadata: .about(task, worker))
                pause(seconds: seconds) { isUnwanted(task) }
            }
        }
    }

    private func refuse(_ task: TaskID, as worker: WorkerID, because shortage: MemoryShortage) -> Ending {
        let text = "it needs \(shortage.needed.asMemory) and has \(shortage.available.asMemory) here"
        guard settings.waitsForRoom else {
            end(
                APIError(
                    .tooLarge, "the memory does not suffice for \(task): \(text)",
                    hint: "give its layers fewer units, or take a machine with more memory"))
            return .settled
        }
        logger.warning("\(task) is left to others: \(text)", metadata: .about(task, worker))
        return .givenBack(.needsMemory(needed: shortage.needed, available: shortage.available))
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

    /// - Parameter share: how much of the task is done; nil while what it reads is being fetched.
    private func getsOn(_ task: TaskID, share: Double?) {
        state.withLock { state in
            guard let share else { return state.preparation += 1 }
            guard var hand = state.tasks[task] else { return }
            hand.share = share
            hand.steps += 1
            hand.preparationBefore = hand.preparationBefore ?? state.preparation
            state.tasks[task] = hand
        }
    }

    /// Whether the coordinator does not want the task's result from this worker, or the worker's time is over.
    private func isUnwanted(_ task: TaskID) -> Bool {
        state.withLock { state in
            if state.tasks[task]?.mustGiveUp != false { return true }
            return state.stoppedAt.map { ContinuousClock.now - $0 > .seconds(settings.graceSeconds) } ?? false
        }
    }
}

extension Error {
    /// Whether the same task would fail elsewhere too; else the line, the coordinator or this host is to blame.
    fileprivate var isFaultOfTask: Bool {
        switch self {
        case let error as APIError: [.invalidData, .notFound, .tooLarge].contains(error.code)
        case let error as DataError: ![.notFound, .unreadable, .storageFull, .unwritable].contains(error.code)
        default: self is ResultProblem || self is UpdateError
        }
    }

    fileprivate var reasonForRelease: TaskRelease.Reason? {
        if (self as? ConnectionError)?.reason == .damagedBlob { return .damagedInput }
        return isFaultOfTask ? .failed("\(self)") : nil
    }

    /// Whether a result that could not be delivered may be taken later: it was not looked at.
    fileprivate func leavesAResultWanted(waitsForRoom: Bool) -> Bool {
        switch self {
        case let error as ConnectionError: error.reason != .interrupted
        case let error as APIError:
            error.code == .storageFull
                ? waitsForRoom : [.unavailable, .tooManyRequests, .internal, .badRequest].contains(error.code)
        default: false
        }
    }
}

/// What a log's line is about, for logs that programs read.
extension Logger.Metadata {
    static func about(_ worker: WorkerID) -> Logger.Metadata { ["worker": .string(worker.rawValue)] }

    static func about(_ task: TaskID, _ worker: WorkerID) -> Logger.Metadata {
        [
            "run": .string(task.run.rawValue), "stage": .stringConvertible(task.stage),
            "round": .stringConvertible(task.round), "task": .string(task.description),
            "worker": .string(worker.rawValue),
        ]
    }
}
