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
    /// - Returns: of the oldest run an open task that nobody has: the round's measurement first, which takes a moment and
    ///   gives a figure to see, and before all others those whose samples this worker has already. Where every task is
    ///   taken: the one that a slow or silent worker would finish last, if this one is faster though it begins now. Nil
    ///   where there is none.
    package mutating func leaseRequested(by worker: WorkerID, now: Instant) -> Grant? {
        guard let known = workers[worker] else { return nil }
        heard(worker, now: now)
        workers[worker]?.lastAvailable = now
        unavailable.remove(worker)
        guard known.quarantine == nil, hasFreeSlot(worker) else { return nil }
        let running = entries.filter { $0.isRunning && suits(known, $0.state) }
        for run in running {
            guard let index = freeTask(of: run, for: worker), let task = run.state.describeTask(index) else { continue }
            grant(task.id, to: worker, now: now)
            return Grant(task: task, reason: "it was open")
        }
        let states = running.map(\.state)
        for run in states {
            guard let index = taskToVerify(of: run, for: worker), let task = run.describeTask(index) else { continue }
            grant(task.id, to: worker, now: now)
            return Grant(task: task, reason: "another worker must come to the same")
        }
        for run in states {
            guard let (index, reason) = stalledTask(of: run, for: worker, now: now), let task = run.describeTask(index)
            else { continue }
            grant(task.id, to: worker, now: now)
            return Grant(task: task, reason: reason)
        }
        for run in states {
            guard let (index, reason) = slowTask(of: run, for: worker, now: now), let task = run.describeTask(index)
            else { continue }
            grant(task.id, to: worker, now: now)
            return Grant(task: task, reason: reason)
        }
        return nil
    }

    /// What there may be for those that wait: where there is nothing, not each has to be asked.
    package enum Offer: Hashable, Sendable {
        case nothing
        /// Tasks that others have: those that a slow or stalled worker has, or that two must do.
        case backups
        case openTasks
    }

    package func offer(now: Instant) -> Offer {
        var hasBackups = false
        for entry in entries where entry.isRunning && entry.state.hasOpenTasks {
            let run = entry.state
            for index in 0..<run.taskCount where run.isOpen(index) {
                guard let claims = leases[run.taskID(index)] else { return .openTasks }
                hasBackups = hasBackups || isWorthABackup(index, of: run, claims, now: now)
            }
        }
        return hasBackups ? .backups : .nothing
    }

    private func isWorthABackup(_ index: Int, of run: RunState, _ claims: [Lease], now: Instant) -> Bool {
        if run.isVerified(index), claims.count == 1 { return true }
        if claims.allSatisfy({ isStalled($0, now: now) }) { return true }
        let kind = kind(of: index, in: run)
        return durations.fastest(kind).map { timeLeft(claims, kind, ifLongerThan: $0, now: now) != nil } ?? false
    }

    private mutating func grant(_ task: TaskID, to worker: WorkerID, now: Instant) {
        givenBack[task]?.remove(worker)
        leases[task, default: []].append(
            Lease(worker: worker, since: now, deadline: now + times.leaseMilliseconds, isWhole: true))
    }

    private func freeTask(of entry: Entry, for worker: WorkerID) -> Int? {
        let run = entry.state
        guard run.hasOpenTasks else { return nil }
        func isFree(_ index: Int) -> Bool {
            run.isOpen(index) && leases[run.taskID(index)] == nil && !shuns(worker, index, of: run)
                && mayWitness(worker, index, of: run)
        }
        guard run.hasWitnesses else { return firstTask(of: entry, for: worker, where: isFree) }
        // Where those have left with whom an answer could be compared, others begin anew.
        return firstTask(of: entry, for: worker) { isFree($0) && isComparable(worker, $0, of: run) }
            ?? firstTask(of: entry, for: worker, where: isFree)
    }

    /// The measurement, which is a round's last task, and then the lowest: first of what the worker has the samples of, then
    /// of what no other worker has the samples of, then of all.
    private func firstTask(of entry: Entry, for worker: WorkerID, where isFree: (Int) -> Bool) -> Int? {
        let (run, holders) = (entry.state, entry.sampleHolders)
        let last = run.taskCount - 1
        func isOthers(_ index: Int) -> Bool {
            // What another must do as well is no less this worker's.
            guard run.witnesses[index] == nil, let holder = run.sampleSet(ofTask: index).flatMap(holders.holder)
            else { return false }
            return holder != worker && workers[holder] != nil
        }
        if run.isMeasurement(last), isFree(last), !isOthers(last) { return last }
        if let own = run.tasks(onSets: holders.sets(of: worker)).first(where: isFree) { return own }
        let tasks = (run.isMeasurement(last) ? [last] : []) + Array(0...last)
        return tasks.first { isFree($0) && !isOthers($0) } ?? tasks.first(where: isFree)
    }

    package func isStalled(_ lease: Lease, now: Instant) -> Bool {
        lease.isStalled(now: now, after: times.stallMilliseconds)
    }

    /// The lowest task with which none of those who have it gets on, whatever is known of how long it takes.
    private func stalledTask(of run: RunState, for worker: WorkerID, now: Instant) -> (index: Int, reason: String)? {
        for index in run.openTasks {
            guard let claims = leases[run.taskID(index)], let last = claims.last,
                claims.allSatisfy({ $0.worker != worker && isStalled($0, now: now) }),
                !shuns(worker, index, of: run), mayWitness(worker, index, of: run)
            else { continue }
            let seconds = (now.milliseconds - last.movedAt.milliseconds) / 1000
            return (index, "\(last.worker) has not got on with it for \(seconds) s")
        }
        return nil
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
    /// - Returns: how many milliseconds the one worker that has the task needs, where that is longer by a quarter, and it
    ///   has had the time to say how far it is: a short task is over before another worker hears that it is.
    func timeLeft(_ claims: [Lease], _ kind: TaskDurations.Kind, ifLongerThan own: Int64, now: Instant) -> Int64? {
        guard claims.count < Self.claims, let lease = claims.first, lease.since + times.heartbeatMilliseconds <= now
        else { return nil }
        let expected = durations.expected(kind, by: lease.worker)
        guard let left = lease.millisecondsLeft(expected: expected, now: now), left > own + own / 4 else { return nil }
        return left
    }

    /// How much of the round in progress is done, 0 ... 1, by what workers say of their tasks and how long they take.
    package func shareOfRound(of id: RunID, now: Instant) -> Double {
        guard let run = run(id), run.phase == .running, run.opening != nil, run.taskCount > 0 else { return 0 }
        // A measurement takes a moment.
        let tasks = (0..<run.taskCount).filter { run.taskCount == 1 || !run.isMeasurement($0) }
        let done = tasks.reduce(0.0) { sum, index in
            guard run.completions[index] == nil else { return sum + 1 }
            let shares = (leases[run.taskID(index)] ?? []).map { lease in
                lease.likelyShare(expected: durations.expected(kind(of: index, in: run), by: lease.worker), now: now)
            }
            return sum + (shares.max() ?? 0)
        }
        return done / Double(tasks.count)
    }

    func kind(of task: TaskID) -> TaskDurations.Kind? { run(task.run).map { kind(of: task.index, in: $0) } }

    func kind(of index: Int, in run: RunState) -> TaskDurations.Kind {
        TaskDurations.Kind(run: run.id, stage: run.stage, part: run.part(ofTask: index))
    }
}
