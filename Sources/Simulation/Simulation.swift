package import Coordination
import HeapModule
import RandomNumbers
import RunProtocol

/// One run on a simulated cluster: the real `Cluster` under a clock, a network, a disk and workers that a seed decides.
///
/// The same seed gives the same schedule, so a failing one can be replayed. After each event the promises are checked that
/// a run's weights, rounds and answers rest on.
package struct Simulation {
    /// What broke a promise.
    package struct Violation: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    /// What happened in a schedule.
    package struct Report: Hashable, Sendable {
        package var events = 0
        package var coordinatorCrashes = 0
        package var workerDeaths = 0
        /// Answers that came for tasks that were answered already, or over.
        package var superfluousAnswers = 0
        package var quarantined = 0
        package var milliseconds: Int64 = 0

        package init() {}

        package mutating func add(_ other: Report) {
            events += other.events
            coordinatorCrashes += other.coordinatorCrashes
            workerDeaths += other.workerDeaths
            superfluousAnswers += other.superfluousAnswers
            quarantined += other.quarantined
            milliseconds += other.milliseconds
        }
    }

    private enum Happening {
        case arrives(Request, worker: Int, life: Int)
        case answered(Answer, worker: Int, life: Int)
        case stepDone(RunState.Step, epoch: Int)
        case restart(epoch: Int)
        case second
    }

    private struct Entry: Comparable {
        let time: Int64
        let number: Int
        let what: Happening

        static func < (left: Entry, right: Entry) -> Bool { (left.time, left.number) < (right.time, right.number) }
        static func == (left: Entry, right: Entry) -> Bool { left.number == right.number }
    }

    private static let plan = Example.plan(replicas: 3)
    private static let run = RunID(rawValue: "run-simulated") ?? { preconditionFailure("a valid name") }()
    private static let expected = Example.undisturbed(plan, run).filter(\.isWeight)
    private let plan = Self.plan
    private let run = Self.run
    private let faults: Faults
    /// After this time nothing goes wrong any more: the run must come to its end.
    private let calmAt: Int64 = 600_000
    private let lastAt: Int64 = 3_600_000
    private var random: Philox
    private var now: Int64 = 0
    private var queue = Heap<Entry>()
    private var queued = 0
    private var disk = Disk()
    private var workers: [SimulatedWorker] = []
    /// Nil while it is down.
    private var cluster: Cluster?
    /// How often it has been started.
    private var epoch = 0
    private var names = 0
    private var place = (stage: 0, round: 0)
    private var checkedWrites = 0
    package private(set) var report = Report()

    package init(seed: UInt64, faults: Faults? = nil) {
        self.faults = faults ?? Faults(seed: seed)
        random = Philox(key: seed, stream: 0)
        // The first is honest and fast: without one a run need not end.
        workers = (0..<4).map { _ in SimulatedWorker(millisecondsPerTask: 5_000, isLiar: false) }
        for index in workers.indices.dropFirst() {
            workers[index] = SimulatedWorker(
                millisecondsPerTask: happens(self.faults.slow) ? 50_000 : 5_000, isLiar: happens(self.faults.liars))
        }
    }

    /// Plays the schedule to the run's end.
    ///
    /// - Throws: `Violation`.
    package mutating func play() throws(Violation) {
        start()
        schedule(.second, in: 0)
        while let entry = queue.popMin() {
            now = entry.time
            report.events += 1
            guard now < lastAt else {
                throw Violation(
                    description: "the run has not ended \((lastAt - calmAt) / 60_000) minutes after the last fault")
            }
            handle(entry.what)
            try check()
            if cluster?.run(run)?.phase == .finished { break }
        }
        report.milliseconds = now
        try checkEnd()
    }

    // MARK: Chance

    private var isCalm: Bool { now >= calmAt }

    private mutating func happens(_ share: Double) -> Bool {
        share > 0 && !isCalm && Double(random.nextUnit()) < share
    }

    private mutating func schedule(_ what: Happening, in milliseconds: Int64) {
        queued += 1
        queue.insert(Entry(time: now + milliseconds, number: queued, what: what))
    }

    private var delay: Int64 {
        mutating get { Int64(1 + random.next(below: isCalm ? 20 : faults.delay)) }
    }

    private mutating func handle(_ what: Happening) {
        switch what {
        case .second: second()
        case .arrives(let request, let worker, let life): arrives(request, from: worker, life)
        case .answered(let answer, let worker, let life): answered(answer, worker, life)
        case .stepDone(let step, let epoch): stepDone(step, epoch)
        case .restart(let epoch): if epoch == self.epoch, cluster == nil { start() }
        }
    }

    // MARK: The coordinator

    private mutating func start() {
        epoch += 1
        var new = Cluster()
        let decisions = new.runSubmitted(run, plan: plan, events: disk.events)
        cluster = new
        carryOut(decisions)
    }

    private mutating func crash() {
        cluster = nil
        report.coordinatorCrashes += 1
        schedule(.restart(epoch: epoch), in: Int64(random.next(below: 3_000)))
    }

    /// - Returns: false where the coordinator did not survive it.
    private mutating func write(_ write: Disk.Write) -> Bool {
        if happens(faults.crash / 2) || happens(faults.writeError) {
            crash()
            return false
        }
        disk.perform(write)
        if happens(faults.crash / 2) {
            crash()
            return false
        }
        return true
    }

    private mutating func carryOut(_ decisions: [Decision]) {
        for decision in decisions where cluster != nil {
            switch decision.action {
            case .record(let event, _): guard write(.event(event)) else { return }
            case .perform(let step, _): schedule(.stepDone(step, epoch: epoch), in: Int64(random.next(below: 500)))
            case .tell(let text, _): if text.contains("gets no more tasks") { report.quarantined += 1 }
            case .wakeWaitingSlots: continue
            }
        }
    }

    private mutating func stepDone(_ step: RunState.Step, _ epoch: Int) {
        guard epoch == self.epoch, let state = cluster?.run(run), !state.phase.isFinal else { return }
        let event = Example.outcome(of: step, state)
        for blob in event.namedBlobs { guard write(.blob(blob)) else { return } }
        carryOut(cluster?.stepFinished(event, of: run) ?? [])
    }

    private mutating func arrives(_ request: Request, from worker: Int, _ life: Int) {
        let instant = Instant(milliseconds: now)
        guard cluster != nil else { return }
        switch request {
        case .register:
            names += 1
            guard let name = WorkerID(rawValue: "w\(worker)-\(names)") else { return }
            cluster?.workerRegistered(name, Example.registration(), now: instant)
            answer(.welcome(name), worker, life)
        case .lease(let name):
            guard let known = cluster?.workers[name] else { return answer(.stranger, worker, life) }
            guard known.quarantine == nil else { return answer(.quarantined, worker, life) }
            answer(.task(cluster?.leaseRequested(by: name, now: instant)?.task), worker, life)
        case .heartbeat(let name, let tasks):
            guard cluster?.workers[name] != nil else { return answer(.stranger, worker, life) }
            answer(.abandon(cluster?.heartbeatReceived(from: name, tasks: tasks, now: instant) ?? []), worker, life)
        case .deliver(let name, let task, let isUsable): deliver(task, name, isUsable, worker, life)
        }
    }

    /// As in the coordinator: first the blob, then the fact, then the answer.
    private mutating func deliver(
        _ task: TaskDescription, _ name: WorkerID, _ isUsable: Bool, _ worker: Int, _ life: Int
    ) {
        guard let completion = Example.completion(task) else { return }
        if isUsable {
            if cluster?.isOpen(task.id) == true { guard write(.blob(completion.update)) else { return } }
            let instant = Instant(milliseconds: now)
            guard let (verdict, decisions) = cluster?.updateReceived(completion, from: name, now: instant) else {
                return
            }
            if verdict != .accepted { report.superfluousAnswers += 1 }
            carryOut(decisions)
            if cluster != nil { answer(.receipt(task.id, verdict), worker, life) }
        } else {
            carryOut(cluster?.updateRefused(task.id, from: name, reason: "it is not finite") ?? [])
            if cluster != nil { answer(.receipt(task.id, nil), worker, life) }
        }
    }

    private mutating func answer(_ answer: Answer, _ worker: Int, _ life: Int) {
        guard !happens(faults.drop) else { return }
        schedule(.answered(answer, worker: worker, life: life), in: delay)
    }

    // MARK: Workers

    private mutating func send(_ request: Request, from worker: Int) {
        guard workers[worker].muteUntil <= now, !happens(faults.drop) else { return }
        schedule(.arrives(request, worker: worker, life: workers[worker].life), in: delay)
        if happens(faults.duplicate) {
            schedule(.arrives(request, worker: worker, life: workers[worker].life), in: delay)
        }
    }

    /// Once a second time passes for everybody.
    private mutating func second() {
        carryOut(cluster?.timePassed(now: Instant(milliseconds: now)) ?? [])
        for worker in workers.indices {
            if happens(faults.death) {
                workers[worker] = SimulatedWorker(
                    millisecondsPerTask: workers[worker].millisecondsPerTask, isLiar: workers[worker].isLiar,
                    life: workers[worker].life + 1)
                report.workerDeaths += 1
            }
            if happens(faults.pause) { workers[worker].pausedUntil = now + Int64(random.next(below: 120_000)) }
            if happens(faults.partition) {
                let end = now + Int64(random.next(below: 60_000))
                if random.next(below: 3) > 0 { workers[worker].deafUntil = end }
                if random.next(below: 3) > 0 { workers[worker].muteUntil = end }
            }
            goOn(worker)
        }
        schedule(.second, in: 1_000)
    }

    private mutating func goOn(_ index: Int) {
        let worker = workers[index]
        guard worker.pausedUntil <= now else { return }
        guard let name = worker.name else {
            guard worker.phase != .registering || worker.retryAt <= now else { return }
            workers[index].phase = .registering
            workers[index].retryAt = now + 5_000
            return send(.register, from: index)
        }
        if now / 1_000 % 3 == 0 {
            let tasks = worker.task.map { [TaskProgress(task: $0.id, share: worker.share(now: now))] } ?? []
            send(.heartbeat(name, tasks), from: index)
        }
        switch worker.phase {
        case .computing(let task, _, let until):
            guard until <= now else { return }
            workers[index].phase = .delivering(task)
            workers[index].retryAt = now + 5_000
            send(.deliver(name, task, isUsable: !worker.isLiar), from: index)
        case .delivering(let task):
            guard worker.retryAt <= now else { return }
            workers[index].retryAt = now + 5_000
            send(.deliver(name, task, isUsable: !worker.isLiar), from: index)
        case .asking where worker.retryAt > now: return
        case .resting where worker.retryAt > now: return
        case .asking, .resting, .registering:
            workers[index].phase = .asking
            workers[index].retryAt = now + 5_000
            send(.lease(name), from: index)
        }
    }

    private mutating func answered(_ answer: Answer, _ index: Int, _ life: Int) {
        let worker = workers[index]
        guard worker.life == life, worker.deafUntil <= now, worker.pausedUntil <= now else { return }
        switch answer {
        case .welcome(let name):
            guard worker.name == nil else { return }
            workers[index].name = name
            if worker.phase == .registering { workers[index].phase = .resting }
        case .task(let task):
            guard worker.phase == .asking else { return }
            guard let task else {
                workers[index].phase = .resting
                workers[index].retryAt = now + 1_000
                return
            }
            let length = task.elementCount == 0 ? worker.millisecondsPerTask / 10 : worker.millisecondsPerTask
            workers[index].phase = .computing(task, since: now, until: now + length)
        case .abandon(let tasks):
            guard let task = worker.task, tasks.contains(task.id) else { return }
            workers[index].phase = .resting
        case .receipt(let task, _):
            guard worker.task?.id == task else { return }
            workers[index].phase = .resting
        case .stranger: workers[index].name = nil
        case .quarantined:
            // The program ends, and somebody starts it again a minute later.
            workers[index].phase = .resting
            workers[index].name = nil
            workers[index].pausedUntil = now + 60_000
        }
    }

    // MARK: Promises

    private mutating func check() throws(Violation) {
        guard let state = cluster?.run(run) else { return }
        guard (state.stage, state.round) >= place else {
            throw Violation(description: "stage \(state.stage), round \(state.round) came after \(place)")
        }
        place = (state.stage, state.round)
        if case .failed(let reason) = state.phase { throw Violation(description: "the run failed: \(reason)") }
        guard disk.writes != checkedWrites else { return }
        checkedWrites = disk.writes
        let missing = state.neededBlobs.subtracting(disk.blobs).subtracting(Example.manifest().blobs)
        guard missing.isEmpty else {
            throw Violation(description: "\(missing.count) blobs are named that are not there")
        }
    }

    private func checkEnd() throws(Violation) {
        var answered: Set<TaskID> = []
        var state = RunState(id: run, plan: plan)
        for event in disk.events {
            if case .taskFinished(let completion) = event {
                guard answered.insert(completion.task).inserted else {
                    throw Violation(description: "\(completion.task) was counted twice")
                }
                let isItsTurn = (completion.task.stage, completion.task.round) == (state.stage, state.round)
                guard isItsTurn, state.openTasks.contains(completion.task.index) else {
                    throw Violation(description: "\(completion.task) was counted for another round")
                }
                let own = state.describeTask(completion.task.index).flatMap { Example.completion($0) }
                guard own == completion else { throw Violation(description: "\(completion.task) has another's answer") }
            }
            state.apply(event)
        }
        guard disk.events.filter(\.isWeight) == Self.expected else {
            throw Violation(description: "the weights are not those of the undisturbed run")
        }
    }
}

extension RunEvent {
    /// Whether it says which weights there are, and so must be the same in every schedule.
    package var isWeight: Bool {
        switch self {
        case .roundClosed, .stageFinished, .stageOpened, .finished: true
        case .dataPrepared, .taskFinished, .attemptFailed, .answerRefused, .failed, .cancelled: false
        }
    }

    fileprivate var namedBlobs: [Digest] {
        switch self {
        case .stageOpened(let opening): opening.weights + [opening.frozen].compactMap(\.self)
        case .roundClosed(let closing): [closing.weights, closing.momentum].compactMap(\.self)
        case .finished(let exports): exports.map(\.digest)
        case .dataPrepared, .taskFinished, .attemptFailed, .answerRefused, .stageFinished, .failed, .cancelled: []
        }
    }
}
