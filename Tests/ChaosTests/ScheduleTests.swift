import Chaos
import Testing

@Suite struct ScheduleTests {
    private let wishes = Wishes(workers: 3, workerKills: 20, coordinatorKills: 5, canFillDisk: true)

    private func begun(_ schedule: Schedule) -> [Fault] {
        schedule.steps.compactMap { if case .begin(let fault) = $0.action { fault } else { nil } }
    }

    @Test func theSeedDecides() {
        #expect(Schedule(wishes, seed: 1) == Schedule(wishes, seed: 1))
        #expect(Schedule(wishes, seed: 1) != Schedule(wishes, seed: 2))
    }

    @Test(arguments: 0..<20) func allThatIsWantedHappens(seed: UInt64) {
        let kinds = Dictionary(grouping: begun(Schedule(wishes, seed: seed)), by: \.kind).mapValues(\.count)
        #expect(kinds["worker killed"] == 20)
        #expect(kinds["coordinator killed"] == 5)
        #expect(kinds.count == 18)
    }

    @Test func withoutASmallDiskNoneIsFilled() {
        var wishes = wishes
        wishes.canFillDisk = false
        #expect(!begun(Schedule(wishes, seed: 1)).contains { $0.kind == "disk filled" })
    }

    @Test(arguments: 0..<20) func whatLastsEndsInItsTime(seed: UInt64) {
        var (time, begun, ended) = (0.0, [Fault: Double](), 0)
        for step in Schedule(wishes, seed: seed).steps {
            #expect(step.pauseSeconds >= 0)
            time += step.pauseSeconds
            switch step.action {
            case .begin(let fault): begun[fault] = time
            case .end(let fault):
                ended += 1
                #expect(abs(time - begun[fault, default: 0] - fault.seconds) < 1e-9)
            }
        }
        #expect(ended == begun.keys.count { $0.seconds > 0 })
    }
}
