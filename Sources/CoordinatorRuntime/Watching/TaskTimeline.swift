import RunProtocol

/// Who worked on which task of a run and when, as people see it: leases are no facts, and no decision depends on this. Of
/// many the oldest are forgotten.
struct TaskTimeline {
    private struct Known {
        var span: TaskSpan
        /// The number of its last change.
        var change: Int
    }

    private struct Claim: Hashable {
        var task: TaskID
        var worker: WorkerID
    }

    /// In the order of their numbers, which have no gaps.
    private var known: [Known] = []
    /// The numbers of those that go on.
    private var open: [Claim: Int] = [:]

    mutating func leased(_ task: TaskID, to worker: WorkerID, isBackup: Bool, at time: Double, change: Int) {
        let number = (known.last?.span.number ?? 0) + 1
        let span = TaskSpan(number: number, task: task, worker: worker, isBackup: isBackup, leasedAt: time)
        known.append(Known(span: span, change: change))
        open[Claim(task: task, worker: worker)] = number
        // Seldom, since the others move up.
        guard known.count >= 2 * Limits.spans else { return }
        known.removeFirst(Limits.spans)
        let first = known[0].span.number
        open = open.filter { $0.value >= first }
    }

    /// A worker said how far it is. It may have had the task before the coordinator was started.
    mutating func progressed(_ task: TaskID, by worker: WorkerID, share: Double, at time: Double, change: Int) {
        if open[Claim(task: task, worker: worker)] == nil {
            leased(task, to: worker, isBackup: false, at: time, change: change)
        }
        let share = share.isFinite ? min(max(share, 0), 1) : 0
        update(task, worker, change: change) { span in
            guard share > span.share else { return false }
            span.share = share
            if span.computingAt == nil { span.computingAt = time }
            return true
        }
    }

    /// A worker is about to send its answer.
    mutating func sending(_ task: TaskID, by worker: WorkerID, at time: Double, change: Int) {
        update(task, worker, change: change) { span in
            guard span.sendingAt == nil else { return false }
            span.sendingAt = time
            // A task may be over before the first heartbeat.
            if span.computingAt == nil { span.computingAt = span.leasedAt }
            span.share = 1
            return true
        }
    }

    /// The answer says how long it took: heartbeats are too rare to know when the computing began.
    mutating func computed(_ task: TaskID, by worker: WorkerID, seconds: Double, change: Int) {
        update(task, worker, change: change) { span in
            guard let sendingAt = span.sendingAt, seconds >= 0 else { return false }
            span.computingAt = max(span.leasedAt, sendingAt - seconds)
            return true
        }
    }

    /// - Returns: whether the worker had the task.
    @discardableResult mutating func ended(
        _ task: TaskID, with worker: WorkerID, _ outcome: TaskSpan.Outcome, because reason: String? = nil,
        at time: Double, change: Int
    ) -> Bool {
        let claim = Claim(task: task, worker: worker)
        guard open[claim] != nil else { return false }
        update(task, worker, change: change) { span in
            span.endedAt = time
            span.outcome = outcome
            span.reason = reason
            return true
        }
        open[claim] = nil
        return true
    }

    /// The claims that go on.
    var openClaims: [(task: TaskID, worker: WorkerID)] {
        open.sorted { $0.value < $1.value }.map { ($0.key.task, $0.key.worker) }
    }

    /// What has changed after change `number`.
    func spans(after number: Int) -> [TaskSpan] {
        known.suffix(Limits.spans).filter { $0.change > number }.map(\.span)
    }

    private mutating func update(
        _ task: TaskID, _ worker: WorkerID, change: Int, _ body: (inout TaskSpan) -> Bool
    ) {
        guard let number = open[Claim(task: task, worker: worker)], let first = known.first?.span.number else { return }
        if body(&known[number - first].span) { known[number - first].change = change }
    }
}
