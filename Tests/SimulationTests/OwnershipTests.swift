import Coordination
import Simulation
import Testing

@Suite struct OwnershipTests {
    /// With transactions that exclude each other, and on mounts where they do not.
    @Test(arguments: [true, false]) func aSupersededCoordinatorDoesAtMostWhatItHadLookedFor(locksWork: Bool) throws {
        var total = OwnershipSimulation.Report()
        for seed in 0..<UInt64(20_000) {
            var simulation = OwnershipSimulation(seed: seed, locksWork: locksWork)
            do throws(OwnershipSimulation.Violation) {
                total.add(try simulation.play())
            } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
        }
        // Schedules in which nothing goes wrong would prove nothing.
        #expect(total.takeOvers > 20_000 && total.commits > 20_000 && total.refusals > 1_000, "\(total)")
        #expect(total.late > 0 && (total.refusedCommits > 0) == locksWork, "\(total)")
    }

    @Test func anOwnerIsTakenOverOnlyWhereItIsGone() {
        func decide(
            _ epoch: Int = 3, givenUp: Bool = false, running: Bool? = nil, moved: Bool? = nil, takesOver: Bool = false
        ) -> Ownership.Decision {
            Ownership.decide(
                OwnerSighting(epoch: epoch, owner: nil, hasGivenUp: givenUp, isRunning: running, heartMoved: moved),
                takesOver: takesOver)
        }
        #expect(decide(0) == .take(epoch: 1))
        #expect(decide(givenUp: true) == .take(epoch: 4))
        #expect(decide(running: false) == .take(epoch: 4))
        #expect(decide(running: true) == .refuse)
        // Whatever a person believes: its process is there.
        #expect(decide(running: true, takesOver: true) == .refuse)
        #expect(decide() == .watch)
        #expect(decide(moved: true) == .refuse)
        #expect(decide(moved: false) == .take(epoch: 4))
        #expect(decide(takesOver: true) == .take(epoch: 4))
    }
}
