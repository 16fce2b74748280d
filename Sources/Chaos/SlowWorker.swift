import CoordinatorClient
import Glibc
import RunProtocol

/// What a slow worker costs: the time of a round with two workers, and with a third that has a tenth of the speed.
package struct SlowWorker {
    /// Seconds of rounds, alternately without and with the slow worker.
    package struct Result: Codable, Sendable {
        package var without: [Double] = []
        package var with: [Double] = []
        /// Of the medians.
        package var ratio: Double { with.median / without.median }

        /// As people read it.
        package var text: String {
            func describe(_ seconds: [Double]) -> String {
                "median \(seconds.median.formatted()) s, \((seconds.min() ?? 0).formatted()) to "
                    + "\((seconds.max() ?? 0).formatted()) s, \(seconds.count) rounds"
            }
            return """
                two workers                        \(describe(without))
                and one of a tenth of their speed  \(describe(with))
                ratio of the medians               \(Double(Int((ratio * 100).rounded())) / 100)
                """
        }
    }

    private let cluster: ChaosCluster
    private let plan: TestPlan
    private let say: (String) -> Void

    /// - Throws: `ChaosError` whenever the coordinator does not start.
    package init(program: String, folder: String, plan: TestPlan, say: @escaping (String) -> Void) throws {
        (self.plan, self.say) = (plan, say)
        // The lease is as long as by default: the slow worker's heartbeats keep it.
        cluster = try ChaosCluster(
            .init(program: program, folder: folder, dataFolders: [plan.folder], leaseSeconds: 15))
    }

    /// - Parameter repetitions: how many runs of each kind.
    package func measure(repetitions: Int) throws -> Result {
        var result = Result()
        for _ in 0..<2 { try cluster.addWorker() }
        say("a run to warm up")
        _ = try roundSeconds()
        for repetition in 1...repetitions {
            result.without += try roundSeconds()
            try cluster.addWorker()
            // It joins at its full speed.
            try Patience.sleep(seconds: 1)
            result.with += try roundSeconds(slow: cluster.workers.last)
            cluster.removeLastWorker()
            say(
                "\(repetition) of \(repetitions): \(result.without.median.formatted()) s without, "
                    + "\(result.with.median.formatted()) s with it")
        }
        return result
    }

    /// Of one run's rounds.
    /// - Parameter slow: runs a tenth of the time.
    private func roundSeconds(slow: ChildProcess? = nil) throws -> [Double] {
        var run = try cluster.connection.submit(plan.submission)
        while !run.state.isFinal {
            slow?.send(SIGCONT)
            try Patience.sleep(seconds: 0.02)
            slow?.send(SIGSTOP)
            try Patience.sleep(seconds: 0.18)
            try cluster.tend()
            run = try cluster.connection.status(of: run.id)
        }
        guard run.state == .finished else { throw cluster.complaint("\(run.id) \(run.state.rawValue)") }
        return run.stages.flatMap(\.history).compactMap(\.seconds)
    }
}
