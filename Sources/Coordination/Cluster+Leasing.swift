package import RunProtocol

/// A task for a slot, and why it got this one.
package struct Grant: Hashable, Sendable {
    package let task: TaskDescription
    package let reason: String
}

/// Which task a slot gets.
extension Cluster {
    /// At most so many workers have one task.
    static let claims = 2

    /// A slot wants a task.
    /// - Returns: of the oldest run the lowest open task that nobody has, but first of all the round's measurement: it takes
    ///   a moment, and whoever watches a run sees a figure at once. Where every task is somebody's: the one that a slow or
    ///   silent worker would finish last, if this one is faster though it begins now. Nil where there is none.
    package mutating func leaseRequested(by worker: WorkerID, now: Instant) -> Grant? {
        guard let known = workers[worker] else { return nil }
        workers[worker]?.lastHeard = now
        guard known.quarantine == nil, hasFreeSlot(worker) else { return nil }
        let running = runs.filter { $0.phase == .running && paused[$0.id] == nil && suits(known, $0) }
        for run in running {
            guard let index = freeTask(of: run, for: worker), let task = run.describeTask(index) else { continue }
            grant(task.id, to: worker, now: now)
            return Grant(task: task, reason: "it was open")
        }
        for run in running {
            guard let index = taskToVerify(of: run, for: worker), let task = run.describeTask(index) else { continue }
            grant(task.id, to: worker, now: now)
            return Grant(task: task, reason: "another worker must come to the same")
        }
        for run in running {
            guard let (index, reason) = slowTask(of: run, for: worker, now: now), let task = run.describeTask(index)
            else { continue }
            grant(task.id, to: worker, now: now)
            return Grant(task: task, reason: reason)
        }
        return nil
    }

    private mutating func grant(_ task: TaskID, to worker: WorkerID, now: Instant) {
        leases[task, default: []].append(
            Lease(worker: worker, since: now, deadline: now + times.leaseMilliseconds, isWhole: true))
    }

    private func freeTask(of run: RunState, for worker: WorkerID) -> Int? {
        let open = run.openTasks
        let free = (open.filter(run.isMeasurement) + open).filter { index in
            leases[run.taskID(index)] == nil && !shuns(worker, index, of: run) && mayWitness(worker, index, of: run)
        }
        // Where those have left with whom an answer could be compared, others begin anew.
        return free.first { isComparable(worker, $0, of: run) } ?? free.first
    }

    private func slowTask(of run: RunState, for worker: WorkerID, now: Instant) -> (index: Int, reason: String)? {
        var slowest: (index: Int, left: Int64, own: Int64, other: WorkerID)?
        for index in run.openTasks where !shuns(worker, index, of: run) && mayWitness(worker, index, of: run) {
            let kind = kind(of: index, in: run)
            guard let claims = leases[run.taskID(index)], claims.allSatisfy({ $0.worker != worker }),
                let own = durations.expected(kind, by: worker),
                let left = timeLeft(claims, kind, ifLongerThan: own, now: now), left > slowest?.left ?? 0
            else { continue }
            slowest = (index, left, own, claims[0].worker)
        }
        return slowest.map { found in
            let (left, own) = (Double(found.left) / 1000, Double(found.own) / 1000)
            return (found.index, "\(found.other) may need another \(left) s for it, this worker \(own) s")
        }
    }

    /// - Parameter own: the milliseconds that another worker needs from the beginning.
    /// - Returns: how many milliseconds the one worker that has the task needs, where that is longer by a quarter.
    func timeLeft(_ claims: [Lease], _ kind: TaskDurations.Kind, ifLongerThan own: Int64, now: Instant) -> Int64? {
        guard claims.count < Self.claims, let lease = claims.first else { return nil }
        let expected = durations.expected(kind, by: lease.worker)
        guard let left = lease.millisecondsLeft(expected: expected, now: now), left > own + own / 4 else { return nil }
        return left
    }

    func kind(of task: TaskID) -> TaskDurations.Kind? {
        run(task.run).map { kind(of: task.index, in: $0) }
    }

    func kind(of index: Int, in run: RunState) -> TaskDurations.Kind {
        TaskDurations.Kind(run: run.id, stage: run.stage, part: run.part(ofTask: index))
    }
}
