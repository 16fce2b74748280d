import Kinds
import RunProtocol
import Testing

@Suite struct PlanRemarksTests {
    static func stage(rounds: Int, replicas: Int) -> StageSettings {
        StageSettings(
            rounds: rounds, replicas: replicas, localEpochs: 1, batchSize: 8, loss: .meanSquaredError,
            outputActivation: .linear, corruption: .none, l1: 0, decoder: .free,
            optimizer: .sgd(learningRate: 0.1, momentum: 0), schedule: .constant, outer: .mean)
    }

    static func plan(shards: Int, _ stages: [StageSettings]) -> StackedPlan {
        StackedPlan(
            name: "p", seed: 1, data: DataPlan(unlabeled: SampleSource(path: "u"), heldOut: 1, shards: shards),
            layers: stages.map { _ in LayerSpec(units: 2, activation: .relu) }, stages: stages, fineTuning: nil)
    }

    /// Shards, rounds, replicas, and how the only remark begins.
    private static let table: [(Int, Int, Int, String?)] = [
        (
            100, 5, 2,
            "layer 1: 90 of 100 shards are never trained on: 5 rounds of 2 replicas read 10; use rounds: 50, replicas:"
                + " 20 or shards: 10"
        ),
        (
            3, 1, 2,
            "layer 1: 1 of 3 shards is never trained on: 1 round of 2 replicas read 2; use rounds: 2, replicas: 3 or"
                + " shards: 2"
        ),
        (
            10, 1, 1,
            "layer 1: 9 of 10 shards are never trained on: 1 round of 1 replica read 1; use rounds: 10, replicas: 10 or"
                + " shards: 1"
        ),
        (10, 5, 2, nil), (10, 6, 2, nil), (2, 5, 2, nil), (3, 2, 2, nil), (1, 1, 1, nil),
        (1, 2, 8, "layer 1: a round of 8 replicas reads 1 shard, each up to 8 times"),
        (3, 5, 4, "layer 1: a round of 4 replicas reads 3 shards, each up to 2 times"),
    ]

    @Test(arguments: table)
    func unreadAndRepeatedShardsAreSaidWithNumbers(shards: Int, rounds: Int, replicas: Int, expected: String?) {
        let remarks = Self.plan(shards: shards, [Self.stage(rounds: rounds, replicas: replicas)]).remarks
        #expect(remarks.count == (expected == nil ? 0 : 1))
        if let expected { #expect(remarks.first?.text.hasPrefix(expected) == true, "\(remarks)") }
    }

    /// What is proposed leaves nothing to remark.
    @Test(arguments: [(100, 5, 2), (3, 1, 2), (10, 1, 1), (7, 2, 3), (97, 3, 5)])
    func whatIsProposedIsEnough(shards: Int, rounds: Int, replicas: Int) {
        let more = (rounds: (shards + replicas - 1) / replicas, replicas: (shards + rounds - 1) / rounds)
        for (shards, rounds, replicas) in [
            (shards, more.rounds, replicas), (shards, rounds, more.replicas), (rounds * replicas, rounds, replicas),
        ] {
            #expect(Self.plan(shards: shards, [Self.stage(rounds: rounds, replicas: replicas)]).remarks == [])
        }
    }

    @Test func stagesWithTheSameCauseHaveOneRemark() {
        let (few, many) = (Self.stage(rounds: 1, replicas: 2), Self.stage(rounds: 50, replicas: 2))
        let remarks = Self.plan(shards: 10, [few, many, few]).remarks
        #expect(remarks.map(\.kind) == [.unreadShards])
        #expect(remarks.first?.text.hasPrefix("layer 1, layer 3: 8 of 10 shards") == true)
    }
}
