import RunProtocol

/// Who worked on which task of a run and when, as people see it: leases are no facts, and no decision depends on this. Of
/// many the oldest are forgotten. What is kept on the disk is a moment older.
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
    /// Of those that go on, the ones of which nothing has been heard since the coordinator was started.
    private var unheard: Set<Claim> = []
    private var latestChange = 0

    init() {}

    /// - Parameter spans: as they were kept, in the order of their numbers.
    init(_ spans: [TaskSpan], change: Int) {
        known = spans.map { Known(span: $0, change: change) }
        latestChange = change
        // Numbers without gaps: what lies before one is left out.
        if let gap = known.indices.dropFirst().last(where: { known[$0].span.number != known[$0 - 1].span.number + 1 }) {
            known.removeFirst(gap)
        }
        for span in known.map(\.span) where span.endedAt == nil {
            open[Claim(task: span.task, worker: span.worker)] = span.number
        }
        unheard = Set(open.keys)
    }

    var isEmpty: Bool { known.isEmpty }

    /// Since when all is known, where something was forgotten.
    var isKnownSince: Double? { known.first.flatMap { $0.span.number > 1 ? $0.span.leasedAt : nil } }

    /// Whether nothing has been heard of the claim since the coordinator was started.
    func isUnheard(_ task: TaskID, _ worker: WorkerID) -> Bool { unheard.contains(Claim(task: task, worker: worker)) }

    /// - Parameter time: since when the worker has not got on with it; nil where it does.
    mutating func stalled(_ task: TaskID, with worker: WorkerID, since time: Double?, change: Int) {
        update(task, worker, change: change) { span in
            guard (span.stalledAt == nil) != (time == nil) else { return false }
            span.stalledAt = time
            return true
        }
    }

    mutating func leased(_ task: TaskID, to worker: WorkerID, isBackup: Bool, at time: Double, change: Int) {
        let number = (known.last?.span.number ?? 0) + 1
        let span = TaskSpan(number: number, task: task, worker: worker, isBackup: isBackup, leasedAt: time)
        known.append(Known(span: span, change: change))
        latestChange = change
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
        unheard.remove(Claim(task: task, worker: worker))
        let share = share.isFinite ? min(max(share, 0), 1) : 0
        update(task, worker, change: change) { span in
            guard share > span.share else { return false }
            span.share = share
            if span.computingAt == nil { span.computingAt = time }
            return true
        }
    }

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
        unheard.remove(claim)
        return true
    }

    /// The claims that go on.
    var openClaims: [(task: TaskID, worker: WorkerID)] {
        open.sorted { $0.value < $1.value }.map { ($0.key.task, $0.key.worker) }
    }

    /// What has changed after change `number`.
    func spans(after number: Int) -> [TaskSpan] {
        guard latestChange > number else { return [] }
        return known.suffix(Limits.spans).filter { $0.change > number }.map(\.span)
    }

    private mutating func update(
        _ task: TaskID, _ worker: WorkerID, change: Int, _ body: (inout TaskSpan) -> Bool
    ) {
        guard let number = open[Claim(task: task, worker: worker)], let first = known.first?.span.number else { return }
        guard body(&known[number - first].span) else { return }
        known[number - first].change = change
        latestChange = change
    }
}
