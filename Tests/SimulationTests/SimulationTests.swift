import Coordination
import PairClassifier
import RunProtocol
import Simulation
import Testing

@Suite struct SimulationTests {
    private static let scenario = Scenario(pairs: Scenario.pairsPlan(replicas: 3))
    private static let expected = Simulation.weights(of: scenario)

    @Test(arguments: 0..<10) func noScheduleBreaksAPromise(block: Int) {
        for seed in UInt64(block) * 120..<UInt64(block + 1) * 120 {
            var simulation = Simulation(seed: seed, Self.scenario, expected: Self.expected)
            do {
                try simulation.play()
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
    }

    @Test func aSeedGivesTheSameScheduleAgain() throws {
        let reports = try (0..<2).map { _ in
            var simulation = Simulation(seed: 5, Self.scenario, expected: Self.expected)
            try simulation.play()
            return simulation.report
        }
        #expect(reports[0] == reports[1])
    }

    @Test func withoutFaultsARunTakesAsLongAsItsTasks() throws {
        var simulation = Simulation(seed: 1, Self.scenario, expected: Self.expected, faults: Faults())
        try simulation.play()
        #expect(simulation.report.coordinatorCrashes == 0 && simulation.report.workerDeaths == 0)
        #expect(simulation.report.quarantined == 0)
        #expect(simulation.report.milliseconds < 120_000)
    }

    /// Faults do happen, and not a few.
    @Test func theFaultsAreThere() throws {
        var total = Simulation.Report()
        for seed in UInt64(0)..<100 {
            var simulation = Simulation(seed: seed, Self.scenario, expected: Self.expected)
            try? simulation.play()
            total.add(simulation.report)
        }
        #expect(total.coordinatorCrashes > 50)
        #expect(total.workerDeaths > 50)
        #expect(total.superfluousAnswers > 100)
        #expect(total.quarantined > 10)
        #expect(total.pauses > 50)
    }
}
