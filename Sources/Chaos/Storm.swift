import CoordinatorClient
import FoundationEssentials
import RunProtocol

/// Runs under fire: processes are killed, connections fail, the disk is full, and in the end the weights are the same.
package final class Storm {
    /// What is asked for.
    package struct Settings: Sendable {
        /// The program, `cairn`.
        package var program: String
        /// For state, caches and logs.
        package var folder: String
        package var plan: TestPlan
        /// A plan called `divergingName` whose training diverges over its column `number`: it runs beside the other one, and
        /// must cost no worker.
        package var diverging: TestPlan?
        package static let divergingName = "diverging"
        package var seed: UInt64 = 0
        package var workers = 3
        package var workerKills = 20
        package var coordinatorKills = 5

        package init(program: String, folder: String, plan: TestPlan) {
            (self.program, self.folder, self.plan) = (program, folder, plan)
        }

        var plans: [TestPlan] { [plan] + [diverging].compactMap(\.self) }
    }

    /// A run in which nothing is written down for so long is stuck.
    private static let patienceSeconds = 60.0
    /// Short, so that lost tasks are missed soon; some pauses are longer.
    private static let leaseSeconds = 2.0

    private let settings: Settings
    private let say: (String) -> Void
    private let cluster: ChaosCluster
    private var kills: [Report.Kill] = []
    private var faults: [Fault] = []
    private let start = ContinuousClock.now

    /// - Parameter say: is told of progress, a line at a time.
    /// - Throws: `ChaosError` whenever the coordinator does not start.
    package init(_ settings: Settings, say: @escaping (String) -> Void) throws {
        (self.settings, self.say) = (settings, say)
        cluster = try ChaosCluster(
            .init(
                program: settings.program, folder: settings.folder,
                dataFolders: settings.plans.map(\.folder),
                leaseSeconds: Self.leaseSeconds, wantsSmallDisk: true, firstBehindProxy: 1))
        if cluster.disk == nil { say("no small file system can be mounted here: the disk stays as it is") }
    }

    /// - Returns: what happened, once the wanted kills have hit runs and all runs have ended with the right bits.
    /// - Throws: `ChaosError` whenever a promise was broken.
    package func run() throws -> Report {
        say("the plan in one process, undisturbed")
        let expected = try undisturbedDigests()
        say("on a coordinator and \(settings.workers) workers, undisturbed")
        for _ in 0..<settings.workers { try cluster.addWorker() }
        try keepRunGoing()
        try waitForEnd()
        guard let calm = try endedRuns(expected).first else { throw ChaosError("the coordinator has lost its run") }
        var report = try report(beyond: calm, expected)
        // A kill between two runs hits none: it is made up for.
        for attempt in 0..<5 {
            let wishes = Wishes(
                workers: settings.workers, workerKills: max(0, settings.workerKills - report.workerKills),
                coordinatorKills: max(0, settings.coordinatorKills - report.coordinatorKills),
                canFillDisk: cluster.disk != nil)
            guard wishes.workerKills + wishes.coordinatorKills > 0 else { break }
            try play(Schedule(wishes, seed: settings.seed &+ UInt64(attempt) << 32))
            try waitForEnd()
            report = try self.report(beyond: calm, expected)
        }
        guard report.workerKills >= settings.workerKills, report.coordinatorKills >= settings.coordinatorKills else {
            throw ChaosError("too many kills hit no run: use a plan with more rounds")
        }
        try quarantineTheRest()
        report = try self.report(beyond: calm, expected)
        guard report.refusedAnswers == 0 else {
            throw cluster.complaint("\(report.refusedAnswers) answers of honest workers were refused")
        }
        return report
    }

    /// Hostile workers that other faults have protected go on in peace, until each is quarantined.
    private func quarantineTheRest() throws {
        for worker in cluster.hostile where !worker.isQuarantined {
            for _ in 0..<10 where !worker.isQuarantined {
                try keepRunGoing()
                try worker.attack(seconds: 3)
            }
            guard worker.isQuarantined else { throw cluster.complaint("a hostile worker is not quarantined") }
        }
        try cluster.tryHostileWorkersAgain()
        try waitForEnd()
    }

    private func undisturbedDigests() throws -> [String: Digest] {
        struct Summary: Decodable { var sha256: [String: Digest] }
        let output = settings.folder + "/undisturbed"
        let process = try ChildProcess(
            settings.program, ["pretrain", settings.plan.path, "--output", output, "--quiet"], log: output + ".log")
        guard try process.ending(within: 3_600) == .exited(0) else {
            throw ChaosError("`cairn pretrain` fails without any fault: \(process.said)")
        }
        let summary = try Data(contentsOf: URL(filePath: output + "/summary.json"))
        return try JSONDecoder().decode(Summary.self, from: summary).sha256
    }

    // MARK: The storm

    private func play(_ schedule: Schedule) throws {
        for step in schedule.steps {
            try Patience.sleep(seconds: step.pauseSeconds)
            try cluster.tend()
            if case .begin(let fault) = step.action { try tell(fault) }
            try cluster.perform(step.action)
        }
    }

    /// Looks after the run before the fault comes, and counts it.
    private func tell(_ fault: Fault) throws {
        try keepRunGoing()
        faults.append(fault)
        let now = Date().timeIntervalSince1970
        switch fault {
        case .killWorker: kills.append(.init(isCoordinator: false, time: now))
        // On a full disk it may have ended before.
        case .killCoordinator where cluster.coordinator.ending == nil:
            kills.append(.init(isCoordinator: true, time: now))
        default: break
        }
        let (workers, coordinators) = (kills.count { !$0.isCoordinator }, kills.count { $0.isCoordinator })
        let lasting = fault.seconds > 0 ? " for \(fault.seconds.formatted()) s" : ""
        let seconds = ((ContinuousClock.now - start) / .seconds(1)).formatted()
        say("\(seconds) s  \(workers) + \(coordinators) kills  \(fault.kind)\(lasting)")
    }

    /// Submits the plans again where no run goes on. A coordinator that is down has the run that it had.
    private func keepRunGoing() throws {
        guard !cluster.isCoordinatorPaused, let runs = try? cluster.connection.runs().runs,
            runs.allSatisfy(\.state.isFinal)
        else { return }
        for plan in settings.plans { _ = try? cluster.connection.submit(plan.submission) }
    }

    /// Waits until no run goes on and nobody is about to leave.
    private func waitForEnd() throws {
        var (progress, since) = ([Int](), ContinuousClock.now)
        while true {
            try cluster.tend()
            if let runs = try? cluster.connection.runs().runs {
                if runs.allSatisfy(\.state.isFinal), cluster.hasNoneLeaving { return }
                if runs.map(\.revision) != progress { (progress, since) = (runs.map(\.revision), .now) }
            }
            guard .now - since < .seconds(Self.patienceSeconds) else {
                throw cluster.complaint("nothing has moved for \(Int(Self.patienceSeconds)) s")
            }
            try Patience.sleep(seconds: 0.05)
        }
    }

    // MARK: What came of it

    /// All runs in their order, without those that diverge.
    /// - Throws: `ChaosError` whenever one has failed or has other bits, or one that diverges has not failed for that.
    private func endedRuns(_ expected: [String: Digest]) throws -> [RunStatus] {
        let all = try cluster.connection.runs().runs.reversed()
        for run in all where run.name == Settings.divergingName {
            let reason = run.reason ?? ""
            guard run.state == .failed, reason.contains("has diverged"), reason.contains("column \"number\"") else {
                throw cluster.complaint("\(run.id), which diverges, \(run.state.rawValue): \(reason)")
            }
        }
        let runs = all.filter { $0.name != Settings.divergingName }
        for run in runs {
            guard run.state == .finished else {
                throw cluster.complaint("\(run.id) \(run.state.rawValue): \(run.reason ?? "")")
            }
            let digests = Dictionary(uniqueKeysWithValues: run.exports.map { ($0.part.rawValue, $0.digest) })
            guard digests == expected else {
                throw ChaosError("\(run.id) has other bits: \(digests), undisturbed they are \(expected)")
            }
        }
        return Array(runs)
    }

    private func report(beyond calm: RunStatus, _ expected: [String: Digest]) throws -> Report {
        let told = try endedRuns(expected).filter { $0.id != calm.id }.map { run in
            Report.Told(run: run, facts: try cluster.connection.journal(of: run.id).entries)
        }
        var report = Report(
            told, kills: kills, faults: faults, undisturbedSeconds: calm.seconds,
            coordinatorLog: cluster.coordinator.said, workerLogs: cluster.workerLogs,
            hostile: cluster.hostile.reduce(into: []) { $0.formUnion($1.names) })
        report.hostileWorkers = cluster.hostile.count
        report.quarantined = cluster.hostile.count(where: \.isQuarantined)
        return report
    }
}
