import Coordination
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

    enum Happening {
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

    static let run = RunID(rawValue: "run-simulated") ?? { preconditionFailure("a valid name") }()
    static let expected = Example.undisturbed(Example.plan(replicas: 3), run).filter(\.isWeight)
    let plan: Plan
    let run = Self.run
    let faults: Faults
    /// After this time nothing goes wrong any more: the run must come to its end.
    let calmAt: Int64 = 600_000
    let lastAt: Int64 = 3_600_000
    var random: Philox
    var now: Int64 = 0
    private var queue = Heap<Entry>()
    private var queued = 0
    var disk: Disk
    var workers: [SimulatedWorker] = []
    /// Nil while it is down.
    var cluster: Cluster?
    var ledger = BlobLedger()
    /// What was decided since a write has failed: that is tried again.
    var postponed: [Decision] = []
    var isPerforming = false
    /// How often it has been started.
    var epoch = 0
    var names = 0
    var place = (stage: 0, round: 0)
    var checkedWrites = 0
    package internal(set) var report = Report()

    package init(seed: UInt64, faults: Faults? = nil) {
        self.faults = faults ?? Faults(seed: seed)
        random = Philox(key: seed, stream: 0)
        let isVerified = self.faults.wrong > 0
        plan = Example.plan(replicas: 3, verify: isVerified ? 1 : nil)
        disk = Disk(RunState(id: run, plan: plan))
        // The first is honest and fast, and where two must agree the second too: without them a run need not end.
        let honest = isVerified ? 2 : 1
        workers = (0..<honest + 3).map { _ in SimulatedWorker(millisecondsPerTask: 5_000) }
        for index in workers.indices.dropFirst(honest) {
            workers[index] = SimulatedWorker(
                millisecondsPerTask: happens(self.faults.slow) ? 50_000 : 5_000, isLiar: happens(self.faults.liars),
                isWrong: happens(self.faults.wrong))
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
            if hasEnded { break }
        }
        report.milliseconds = now
        try checkEnd()
    }

    // MARK: Chance

    var isCalm: Bool { now >= calmAt }

    mutating func happens(_ share: Double) -> Bool {
        share > 0 && !isCalm && Double(random.nextUnit()) < share
    }

    mutating func schedule(_ what: Happening, in milliseconds: Int64) {
        queued += 1
        queue.insert(Entry(time: now + milliseconds, number: queued, what: what))
    }

    var delay: Int64 {
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
}
