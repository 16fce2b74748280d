import FoundationEssentials
import Glibc
import RunProtocol

/// Workers, a run and what becomes of them: figures that look like real ones and change at a real cluster's pace.
struct MadeUpCluster {
    /// Something that is told to those who know only what was there before.
    struct Changing<Value> {
        var value: Value
        /// The tick at which it last changed.
        var change: Int
    }

    let coordinator: CoordinatorStatus
    private(set) var workers: [Changing<WorkerStatus>]
    private(set) var rounds: [Changing<StageRound>] = []
    /// The round in progress, as far as its tasks are done.
    private(set) var openRound: Changing<StageRound>?
    private(set) var spans: [Changing<TaskSpan>] = []
    private(set) var entries: [Changing<RunJournal.Entry>] = []
    private(set) var main: Changing<RunStatus>
    let others: [RunStatus]
    let epoch = UInt32.random(in: 1...UInt32.max)
    private(set) var change = 0
    private let plannedRounds: [Int]
    private let roundSeconds: Double
    private let isHostile: Bool
    private var secondsToNextRound = 0.0
    private var spanNumber = 0
    /// The place in `spans` of the task that each worker is at.
    private var spanNumbers: [Int?]
    private static let taskSeconds = 12.0
    /// The coordinator was started anew in the middle of the run.
    static let secondsSinceStart = 20.0

    /// - Parameters:
    ///   - others: how many runs there are beside the one that goes on.
    ///   - isHostile: whether names and reasons are what would be a script.
    init(workers count: Int, rounds: Int, others: Int, roundSeconds: Double, isHostile: Bool) {
        let now = Self.now
        (self.roundSeconds, self.isHostile) = (roundSeconds, isHostile)
        coordinator = CoordinatorStatus(
            version: "parade", startedAt: now - Self.secondsSinceStart, needsToken: true,
            addresses: ["http://10.0.0.7:8420"])
        plannedRounds = [rounds / 2, rounds / 4, rounds - rounds / 2 - rounds / 4]
        self.others = (0..<others).map { Self.otherRun($0, of: others) } + [Self.waitingRun()]
        main = Changing(value: Self.mainRun(plannedRounds, name: Self.text("parade", isHostile)), change: 0)
        workers = (0..<count).map { number in
            Changing(value: Self.worker(number, host: Self.text("machine-\(number / 4)", isHostile)), change: 0)
        }
        spanNumbers = Array(repeating: nil, count: count)
        for done in 0..<rounds * 3 / 5 { closeRound(at: now - Double(rounds * 3 / 5 - done) * roundSeconds) }
        for worker in workers.indices { addPast(of: worker, at: now) }
        for worker in workers.indices { startTask(of: worker, at: now - Double.random(in: 0...Self.taskSeconds)) }
        for worker in workers.indices where Self.fate(of: worker) == .stalled { stall(worker) }
        change = 1
    }

    static var now: Double { Date.now.timeIntervalSince1970 }

    private static func text(_ plain: String, _ isHostile: Bool) -> String {
        isHostile ? plain + "<img src=x onerror=\"window.hurt=1\"><script>window.hurt=1</script>'\"&amp;" : plain
    }

    // MARK: Time goes by

    mutating func tick(seconds: Double) {
        change += 1
        let now = Self.now
        secondsToNextRound -= seconds
        if secondsToNextRound <= 0 {
            secondsToNextRound = roundSeconds
            closeRound(at: now)
        }
        for worker in workers.indices where [.idle, .working].contains(workers[worker].value.state) {
            if Double.random(in: 0..<1) < seconds / Self.taskSeconds {
                endTask(of: worker, at: now)
                startTask(of: worker, at: now)
            } else if Double.random(in: 0..<1) < seconds / 4 {
                goOn(worker, at: now)
            }
        }
        for worker in workers.indices where workers[worker].value.state == .stalled {
            workers[worker].value.secondsSinceHeard = 0
            workers[worker].change = change
        }
        main.value.revision += 1
        main.value.workers = workers.count
        main.value.tasksInProgress = workers.count { $0.value.state == .working }
        main.value.samplesPerSecond = Double(workers.count) * Double.random(in: 900...1_100)
        let left = Double(plannedRounds.reduce(0, +) + plannedRounds.count - rounds.count)
        main.value.secondsLeft = left * roundSeconds
        main.value.progress = 1 - left / Double(plannedRounds.reduce(0, +))
        goOnWithRound()
        main.change = change
    }

    /// What is known so far of the round in progress.
    private mutating func goOnWithRound() {
        guard let stage = plannedRounds.indices.first(where: { main.value.stages[$0].state == .running }),
            let last = rounds.last(where: { $0.value.stage == stage })?.value.record
        else { return openRound = nil }
        let share = 1 - secondsToNextRound / roundSeconds
        let record = RoundRecord(
            round: main.value.stages[stage].round, samples: Int(share * 60_000),
            metrics: last.metrics["heldOutError"].map { ["loss": $0 * 0.96] } ?? [:],
            bytes: Int(share * 1_200_000) * workers.count)
        openRound = Changing(value: StageRound(stage: stage, record: record), change: change)
        main.value.stages[stage].progress = (Double(last.round) + share) / Double(plannedRounds[stage])
    }

    private mutating func closeRound(at time: Double) {
        guard let stage = plannedRounds.indices.first(where: { main.value.stages[$0].state != .finished })
        else { return }
        let done = rounds.reversed().prefix { $0.value.stage == stage }.count
        var record = RoundRecord(round: done, samples: done == 0 ? 0 : 60_000)
        let error = 40 * exp(-3 * Double(done) / Double(plannedRounds[stage])) + Double.random(in: 8...8.6)
        record.metrics["heldOutError"] = error
        if done > 0 {
            (record.seconds, record.bytes) = (roundSeconds, 1_200_000 * workers.count)
            record.metrics["loss"] = error * 0.97
            record.metrics["activeShare"] = Double.random(in: 0.1...0.12)
            record.metrics["deadUnits"] = Double(Int.random(in: 0...9))
        }
        rounds.append(Changing(value: StageRound(stage: stage, record: record), change: change))
        let isLast = done >= plannedRounds[stage]
        main.value.stages[stage].state = isLast ? .finished : .running
        main.value.stages[stage].round = min(done + 1, plannedRounds[stage])
        main.value.stages[stage].finishedAt = isLast ? time : nil
        if main.value.stages[stage].startedAt == nil { main.value.stages[stage].startedAt = time }
        if isLast { main.value.stages[stage + 1].state = .running }
        say("round \(done) of layer \(stage + 1) is done", because: "all its tasks are", at: time)
    }

    private mutating func say(_ text: String, because reason: String, at time: Double) {
        entries.append(
            Changing(
                value: RunJournal.Entry(
                    number: (entries.last?.value.number ?? 0) + 1, time: time, text: text,
                    reason: Self.text(reason, isHostile)), change: change))
        if entries.count > Limits.journalEntries { entries.removeFirst() }
    }

    // MARK: Tasks

    private mutating func startTask(of worker: Int, at time: Double) {
        guard workers[worker].value.state == .idle else { return }
        spanNumbers[worker] = appendSpan(of: worker, at: time)
        workers[worker].value.tasks = spans.last.map { [$0.value.task] } ?? []
        workers[worker].value.state = .working
        workers[worker].change = change
    }

    /// - Returns: the span's number.
    private mutating func appendSpan(of worker: Int, at time: Double) -> Int {
        let stage = main.value.stages.firstIndex { $0.state == .running } ?? 0
        let task = TaskID(
            run: main.value.id, stage: stage, round: max(1, main.value.stages[stage].round), index: worker)
        spanNumber += 1
        spans.append(
            Changing(
                value: TaskSpan(
                    number: spanNumber, task: task, worker: workers[worker].value.worker,
                    isBackup: spanNumber.isMultiple(of: 50), leasedAt: time, computingAt: time + 0.3),
                change: change))
        if spans.count > Limits.spans { spans.removeFirst(spans.count - Limits.spans) }
        return spanNumber
    }

    /// What became of tasks that had begun when the coordinator was started anew, and of those whose workers are gone.
    private mutating func addPast(of worker: Int, at now: Double) {
        let (state, start) = (workers[worker].value.state, now - Self.secondsSinceStart)
        guard state != .idle || worker.isMultiple(of: 10) else { return }
        _ = appendSpan(of: worker, at: start - Self.taskSeconds)
        let last = spans.count - 1
        spans[last].value.outcome = state == .idle ? .unknown : state == .left ? .released : .lost
        spans[last].value.endedAt = state == .idle ? start : start + Self.taskSeconds
    }

    /// It is heard, and does not get on.
    private mutating func stall(_ worker: Int) {
        guard let place = place(ofSpanOf: worker) else { return }
        workers[worker].value.state = .stalled
        spans[place].value.share = 0.3
        spans[place].value.stalledAt = spans[place].value.leasedAt + Self.taskSeconds / 3
    }

    private func place(ofSpanOf worker: Int) -> Int? {
        guard let number = spanNumbers[worker], let first = spans.first?.value.number, number >= first
        else { return nil }
        return number - first
    }

    private mutating func goOn(_ worker: Int, at time: Double) {
        workers[worker].value.secondsSinceHeard = 0
        workers[worker].change = change
        guard let place = place(ofSpanOf: worker) else { return }
        spans[place].value.share = min(0.99, (time - spans[place].value.leasedAt) / Self.taskSeconds)
        spans[place].change = change
    }

    private mutating func endTask(of worker: Int, at time: Double) {
        guard let place = place(ofSpanOf: worker) else { return }
        let luck = Int.random(in: 0..<400)
        let outcome: TaskSpan.Outcome = luck == 0 ? .lost : luck == 1 ? .failed : luck < 5 ? .needless : .done
        spans[place].value.outcome = outcome
        spans[place].value.share = 1
        (spans[place].value.sendingAt, spans[place].value.endedAt) = (time - 0.2, time)
        spans[place].value.reason = outcome == .done ? nil : Self.text("so it was made up", isHostile)
        spans[place].change = change
        var record = workers[worker].value.record
        switch outcome {
        case .done: record.tasksDone += 1
        case .lost: record.tasksLost += 1
        case .failed: record.tasksFailed += 1
        case .refused, .released, .needless, .unknown: break
        }
        record.samples += 60_000
        record.samplesPerSecond = Double.random(in: 900...1_100)
        record.gigaflops = Double.random(in: 50...60)
        workers[worker].value.record = record
        workers[worker].value.tasks = []
        workers[worker].value.state = .idle
        workers[worker].change = change
        spanNumbers[worker] = nil
        if outcome == .lost || outcome == .failed {
            say("\(workers[worker].value.worker) \(outcome.rawValue) a task", because: "it was silent", at: time)
        }
    }
}
