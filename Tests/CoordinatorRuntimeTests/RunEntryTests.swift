import Coordination
import CoordinatorRuntime
import PairClassifier
import RunProtocol
import Simulation
import Testing

/// What the coordinator keeps of one run.
@Suite struct RunEntryTests {
    /// A run's state, its history and its journal are the same events.
    @Test func anEventChangesAllThatPeopleSeeOfARun() throws {
        let run = try #require(RunID(rawValue: "run-a"))
        let plan = Scenario.pairsPlan()
        let events = Example.undisturbed(Scenario(pairs: plan), run)
        var entry = RunEntry(run, plan: plan, compiler: .pairs, text: "a plan", folder: "/data", at: 100)
        var history = RunHistory(outline: StageCompiler.pairs.outline(plan), submittedAt: 100)
        var state = RunState(id: run, plan: plan, compiler: .pairs)
        for (index, event) in events.enumerated() {
            let (time, change) = (101 + Double(index), index + 1)
            let remarks = entry.apply(event, because: "reason \(index)", at: time, change: change)
            state.apply(event)
            history.apply(event, compiled: state.compiled, at: time, change: change)
            #expect(entry.written.phase == state.phase && entry.written.completions == state.completions)
            #expect(entry.written.neededBlobs == state.neededBlobs)
            #expect(entry.history.stages == history.stages)
            // The event, and after it what follows from it.
            let told = entry.journal.entries(after: 0).entries.suffix(1 + remarks.count)
            #expect(told.map(\.reason) == ["reason \(index)"] + remarks.map(\.text))
            #expect(told.allSatisfy { $0.time == time })
        }
        #expect(entry.written.phase == .finished)
        let numbers = entry.journal.entries(after: 0).entries.map(\.number)
        #expect(numbers == Array(1...numbers.count))
    }
}
