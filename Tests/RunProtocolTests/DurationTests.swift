import RunProtocol
import Testing

/// What lies between two times of a clock that may have been set back.
@Suite struct DurationTests {
    @Test(
        arguments: [
            (10, 12.5, 2.5), (10, 10, 0), (10, 3, nil), (nil, 3, nil), (10, nil, nil), (10, .nan, nil),
        ] as [(Double?, Double?, Double?)])
    func stagesAndRunsTakeNoNegativeTime(start: Double?, end: Double?, expected: Double?) throws {
        let stage = StageStatus(
            name: "layer 1", state: .finished, round: 1, rounds: 1, tasksDone: 1, tasks: 1, startedAt: start,
            finishedAt: end)
        #expect(stage.duration == expected)
        guard let start else { return }
        let run = RunStatus(
            id: try #require(RunID(rawValue: "run-1")), name: "x", state: .finished, revision: 1, submittedAt: start,
            finishedAt: end)
        #expect(run.duration == expected)
        #expect(run.elapsed(at: start - 5) == expected ?? 0)
    }

    @Test func aRunThatGoesOnHasTakenNoNegativeTime() throws {
        let run = RunStatus(
            id: try #require(RunID(rawValue: "run-1")), name: "x", state: .running, revision: 1, submittedAt: 100)
        #expect(run.elapsed(at: 130) == 30 && run.elapsed(at: 40) == 0)
    }

    @Test func aRoundIsClosedWhenItsWeightsAreThere() {
        var stage = StageStatus(name: "layer 1", state: .running, round: 3, rounds: 3, tasksDone: 0, tasks: 1)
        #expect(stage.hasClosed(RoundRecord(round: 2)) && stage.hasClosed(RoundRecord(round: 3, seconds: 1)))
        stage.outputs = StageOutputs(metrics: [
            MetricDescription("heldOutError", title: "error", text: "Error.", of: .weights, decides: true)
        ])
        let measured = RoundRecord(round: 3, metrics: ["heldOutError": 1])
        #expect(stage.hasClosed(measured) && !stage.hasClosed(RoundRecord(round: 3)))
        #expect(!stage.hasClosed(RoundRecord(round: 0, metrics: ["heldOutError": 1])))
        stage.round = 2
        #expect(!stage.hasClosed(RoundRecord(round: 2, samples: 5, metrics: ["loss": 1])))
    }

    @Test func roundsTakeNoNegativeTime() {
        #expect(RoundRecord(round: 1, seconds: 2).duration == 2)
        #expect(RoundRecord(round: 1, seconds: -7_192.8).duration == nil)
        #expect(RoundRecord(round: 1).duration == nil)
    }
}
