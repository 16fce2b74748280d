import Coordination
import CoordinatorRuntime
import Foundation
import Kinds
import PlanFile
import RunProtocol
import Testing

/// What is told of a run's time, compared with how long it really took: `Tests/Fixtures/runs` has the facts of real runs,
/// with the times at which they were written down. Two workers of one slot trained on MNIST, on two cores.
@Suite struct RecordedRunsTests {
    /// What was told when a round was closed, and the truth, in seconds.
    private struct Moment: CustomStringConvertible {
        let stage: Int
        let round: Int
        let told: Double
        let truth: Double

        /// Within a quarter, or a second.
        var isRight: Bool { abs(told - truth) <= max(truth / 4, 1) }
        var description: String { "stage \(stage), after round \(round): \(told) s, in truth \(truth) s" }
    }

    private struct Header: Decodable {
        let plan: String
        let submittedAt: Double
    }

    private struct Fact: Decodable {
        let time: Double
        let event: RunEvent
    }

    /// - Returns: what was told of the stage, and of the run, after each round but a stage's last.
    private func replay(_ name: String) throws -> (stages: [Moment], run: [Moment]) {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/runs/\(name).jsonl")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { Data($0.utf8) }
        let header = try JSONDecoder().decode(Header.self, from: lines[0])
        let facts = try lines.dropFirst().map { try JSONDecoder().decode(Fact.self, from: $0) }
        let plan = try StackedPlan(yaml: header.plan)
        var history = RunHistory(outline: StageCompiler.standard.outline(plan.plan), submittedAt: header.submittedAt)
        var state = RunState(id: try #require(RunID(rawValue: "run-recorded")), plan: plan.plan, compiler: .standard)
        var told: [(stage: Int, round: Int, time: Double, progress: RunProgress)] = []
        for fact in facts {
            state.apply(fact.event)
            history.apply(fact.event, compiled: state.compiled, at: fact.time, change: 1)
            guard case .roundClosed(let closing) = fact.event else { continue }
            let costs = state.costs(slots: 2)
            told.append(
                (closing.stage, closing.round, fact.time, history.progress(costs: costs, share: 0, at: fact.time)))
        }
        let end = try #require(facts.last?.time)
        func moments(_ truth: (Int, Double) -> Double, _ left: (RunProgress, Int) -> Double?) throws -> [Moment] {
            try told.filter { $0.round < plan.autoencoderStages[$0.stage].settings.rounds }.map { moment in
                Moment(
                    stage: moment.stage, round: moment.round,
                    told: try #require(left(moment.progress, moment.stage)), truth: truth(moment.stage, moment.time))
            }
        }
        let ends = history.stages.map { $0.finishedAt ?? end }
        return (
            try moments({ ends[$0] - $1 }, { $0.stages[$1].secondsLeft }),
            try moments({ end - $1 }, { progress, _ in progress.run.secondsLeft })
        )
    }

    @Test(arguments: ["dense", "convolutional", "joint", "killed"])
    func theTimeLeftIsRightWithinAQuarter(name: String) throws {
        let (stages, run) = try replay(name)
        #expect(stages.count >= 13)
        for moment in stages + run { #expect(moment.isRight, "\(moment)") }
    }
}
