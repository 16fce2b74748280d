import Kinds
import RunProtocol
import Simulation
import Testing

/// Schedules of a stacked autoencoder's plan, whose layers stand on frozen ones. `Tests/SimulationTests` plays many more of
/// another kind of model.
@Suite struct SimulationTests {
    private static let scenario = Scenario(stacked: Scenario.stackedPlan(replicas: 3))
    private static let expected = Simulation.weights(of: scenario)

    @Test(arguments: 0..<10) func noScheduleBreaksAPromise(block: Int) {
        for seed in UInt64(block) * 24..<UInt64(block + 1) * 24 {
            var simulation = Simulation(seed: seed, Self.scenario, expected: Self.expected)
            do {
                try simulation.play()
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
    }

    /// Each of them broke a promise once.
    @Test(arguments: [
        43, 46, 104, 126, 1_000_150, 1_001_065, 1_002_978, 1_004_896, 1_010_118, 31_456, 1_955, 2_516, 11_010, 44_202,
    ])
    func whatOnceFailedDoesNotFailAgain(seed: UInt64) throws {
        var simulation = Simulation(seed: seed, Self.scenario, expected: Self.expected)
        try simulation.play()
    }
}
