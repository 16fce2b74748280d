package import Coordination
import HeapModule
import RandomNumbers
package import RunProtocol

/// One run on a simulated cluster: the real `Cluster` under a clock, a network, a disk and workers that a seed decides.
///
/// The same seed gives the same schedule, so a failing one can be replayed. After each event the promises are checked that
/// a run's weights, rounds and answers rest on.
package struct Simulation {
    /// What broke a promise.
    package struct Violation: Error, Hashable, CustomStringConvertible { package let description: String }

    /// What happened in a schedule.
    package struct Report: Hashable, Sendable {
        package var events = 0
        package var coordinatorCrashes = 0
        package var workerDeaths = 0
        /// Answers that came for tasks that were answered already, or over.
        package var superfluousAnswers = 0
        package var quarantined = 0
        /// Messages under a false name, or without a proof.
        package var forgeries = 0
        /// Tasks given back as diverged, or for want of memory.
        package var released = 0
        /// Workers that hung with a task, and results that could not be delivered for a while.
        package var hangs = 0
        package var blocked = 0
        package var departures = 0
        /// How often something could not be written, and all waited.
        package var pauses = 0
        package var divergedRuns = 0
        /// Runs that a broken host has ended while no other was there.
        package var givenUp = 0
        package var milliseconds: Int64 = 0

        package init() {}

        package mutating func add(_ other: Report) {
            events += other.events
            coordinatorCrashes += other.coordinatorCrashes
            workerDeaths += other.workerDeaths
            superfluousAnswers += other.superfluousAnswers
            quarantined += other.quarantined
            forgeries += other.forgeries
            released += other.released
            hangs += other.hangs
            blocked += other.blocked
            departures += other.departures
            pauses += other.pauses
            divergedRuns += other.divergedRuns
            givenUp += other.givenUp
            milliseconds += other.milliseconds
        }
    }

    enum Happening {
        case arrives(Request, worker: Int, life: Int)
        case forged(Request)
        case answered(Answer, worker: Int, life: Int)
        case stepDone(StoragePause.PendingStep, epoch: Int)
        case restart(epoch: Int)
        case second
    }

    private struct Entry: Comparable {
        let time: Int64
        let number: Int
        let what: Happening

        static func < (left: Entry, right: Entry) -> Bool {
            (left.time, left.number) < (right.time, right.number)
        }

        static func == (left: Entry, right: Entry) -> Bool {
            left.number == right.number
        }
    }

    static let run = RunID(rawValue: "run-simulated") ?? { preconditionFailure("a valid name") }()
    static let divergingRun = RunID(rawValue: "run-diverging") ?? { preconditionFailure("a valid name") }()
    let scenario: Scenario
    /// The weights of a run of it in which nothing goes wrong.
    let expected: [RunEvent]
    /// The good run's, and where there is one the diverging run's.
    let plans: [(run: RunID, plan: Plan)]
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
    /// What waits since a write has failed.
    var storage = StoragePause()
    /// The runs of which a step is being performed, or will be performed anew.
    var performing: Set<RunID> = []
    /// How often it has been started.
    var epoch = 0
    var places: [RunID: (stage: Int, round: Int)] = [:]
    /// Whose results must never count again.
    var banned: Set<String> = []
    /// What broke a promise while a message was dealt with.
    var violation: Violation?
    /// The good run has ended, since a broken host was all that there was.
    var isGivenUp = false
    var checkedWrites = 0
    package internal(set) var report = Report()

    /// - Parameters:
    ///   - scenario: its plan is not verified.
    ///   - expected: `weights(of:)` it.
    package init(seed: UInt64, _ scenario: Scenario, expected: [RunEvent], faults: Faults? = nil) {
        (self.scenario, self.expected) = (scenario, expected)
        self.faults = faults ?? Faults(seed: seed)
        random = Philox(key: seed, stream: 0)
        let isVerified = self.faults.wrong > 0
        var plan = scenario.plan
        plan.verify = isVerified ? 1 : nil
        // Each run in turn is the older one, whose tasks go first.
        let good = [(run: Self.run, plan: plan)]
        let diverging = self.faults.diverges ? [(run: Self.divergingRun, plan: plan)] : []
        plans = seed % 2 == 0 ? good + diverging : diverging + good
        disk = Disk(plans.map { RunState(id: $0.run, plan: $0.plan, compiler: scenario.compiler) })
        makeWorkers(honest: isVerified ? 2 : 1)
    }

    /// The facts about weights of a run in which nothing goes wrong.
    package static func weights(of scenario: Scenario) -> [RunEvent] {
        Example.undisturbed(scenario, run).filter(\.isWeight)
    }

    /// The first is honest and fast, and where two must agree the second too: without them a run need not end.
    private mutating func makeWorkers(honest: Int) {
        workers = (0..<honest).map { _ in SimulatedWorker(SimulatedWorker.Nature()) }
        for index in honest..<honest + 3 {
            var nature = SimulatedWorker.Nature()
            nature.millisecondsPerTask = happens(faults.slow) ? 50_000 : 5_000
            nature.isLiar = happens(faults.liars)
            nature.isWrong = happens(faults.wrong)
            nature.isSmall = happens(faults.small)
            nature.isStubborn = happens(faults.stubborn)
            nature.hangsForEver = faults.hang > 0 && index % 2 == 0
            nature.isBroken = faults.isOneHostBroken && index == honest + 2
            workers.append(SimulatedWorker(nature))
        }
    }

    /// Plays the schedule to the run's end.
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
            if let violation { throw violation }
            try check()
            if hasEnded { break }
        }
        report.milliseconds = now
        try checkEnd()
    }

    // MARK: Chance

    var isCalm: Bool { now >= calmAt }

    mutating func happens(_ share: Double) -> Bool { share > 0 && !isCalm && Double(random.nextUnit()) < share }

    mutating func schedule(_ what: Happening, in milliseconds: Int64) {
        queued += 1
        queue.insert(Entry(time: now + milliseconds, number: queued, what: what))
    }

    var delay: Int64 { mutating get { Int64(1 + random.next(below: isCalm ? 20 : faults.delay)) } }

    private mutating func handle(_ what: Happening) {
        switch what {
        case .second: second()
        case .arrives(let request, let worker, let life): arrives(request, from: worker, life)
        case .forged(let request): forged(request)
        case .answered(let answer, let worker, let life): answered(answer, worker, life)
        case .stepDone(let pending, let epoch): stepDone(pending, epoch)
        case .restart(let epoch): if epoch == self.epoch, cluster == nil { start() }
        }
    }
}
