import ArgumentParser
import Dispatch
import Glibc
import Kinds
import RunProtocol
import Simulation
import Synchronization

/// Plays schedules of a simulated cluster, each with faults of its own, and says which broke a promise.
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cairn-simulate",
        abstract: "Play simulated clusters with faults, and check what the coordinator promises.")

    @Option(help: "How many schedules.") var schedules = 100_000
    @Option(help: "The first one's seed; the others follow.") var seed: UInt64 = 0

    func validate() throws { guard schedules > 0 else { throw ValidationError("--schedules goes from 1.") } }

    func run() throws {
        let start = ContinuousClock.now
        struct Results {
            var total = Simulation.Report()
            var folder = OwnershipSimulation.Report()
            var violations: [(seed: UInt64, text: String)] = []
            var done = 0
            var nextLine = 10.0
        }
        let results = Mutex(Results())
        let first = seed
        let scenario = Scenario(stacked: Scenario.stackedPlan(replicas: 3))
        let expected = Simulation.weights(of: scenario)
        DispatchQueue.concurrentPerform(iterations: schedules) { index in
            let seed = first &+ UInt64(index)
            var simulation = Simulation(seed: seed, scenario, expected: expected)
            var owners = OwnershipSimulation(seed: seed, locksWork: seed % 2 == 0)
            do {
                try simulation.play()
                let folder = try owners.play()
                results.withLock { $0.folder.add(folder) }
            } catch {
                results.withLock { $0.violations.append((seed, "\(error)")) }
            }
            let report = simulation.report
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            results.withLock { results in
                results.total.add(report)
                results.done += 1
                guard seconds >= results.nextLine else { return }
                results.nextLine = seconds + 10
                let left = seconds / Double(results.done) * Double(schedules - results.done)
                let line =
                    "\(results.done) of \(schedules) schedules, \(results.violations.count) broke a promise, about"
                    + " \(Int(left.rounded(.up))) s left\n"
                _ = Array(line.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            }
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let (total, folder, violations) = results.withLock { ($0.total, $0.folder, $0.violations) }
        print(
            """
            \(schedules) schedules in \(Int(seconds)) s, \(Int(Double(schedules) / seconds)) a second
            \(total.events) events, \(total.milliseconds / 3_600_000) simulated hours
            coordinator killed \(total.coordinatorCrashes) times, workers \(total.workerDeaths) times, \(total.pauses) pauses
            \(total.superfluousAnswers) superfluous answers, \(total.quarantined) workers quarantined
            \(total.released) tasks given back, \(total.divergedRuns) diverging runs failed, \(total.forgeries) false messages
            \(total.hangs) hanging workers, \(total.blocked) times no result got through, \(total.departures) workers left
            \(total.givenUp) runs ended by a broken host that was all there was
            \(folder.takeOvers) state folders taken over, \(folder.refusals) coordinators refused theirs, \
            \(folder.commits) commits
            \(violations.count) schedules broke a promise
            """)
        for violation in violations.sorted(by: { $0.seed < $1.seed }).prefix(20) {
            print("seed \(violation.seed): \(violation.text)")
        }
        if !violations.isEmpty { throw ExitCode.failure }
    }
}

Simulate.main()
