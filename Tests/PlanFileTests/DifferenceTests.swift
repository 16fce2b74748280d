import PlanFile
import RunProtocol
import Testing

@Suite struct DifferenceTests {
    private static let plan = """
        data: {unlabeled: samples.npy, held_out: 4}
        layers: [{units: 10}, {units: 5}]
        pretraining: {rounds: 3}
        """

    @Test func eachKeyIsNamedWithBothValues() {
        let later = """
            pretraining:
              rounds: 5   # more of them
            layers: [{units: 10}, {units: 6}, {units: 2}]
            data: {unlabeled: samples.npy}
            """
        #expect(
            PlanReader.differences(from: Self.plan, to: later) == [
                PlanDifference(key: "data.held_out", before: "4", after: nil),
                PlanDifference(key: "layers[1].units", before: "5", after: "6"),
                PlanDifference(key: "layers[2].units", before: nil, after: "2"),
                PlanDifference(key: "pretraining.rounds", before: "3", after: "5"),
            ])
        #expect(PlanReader.differences(from: Self.plan, to: Self.plan + "\n# the same\n") == [])
    }
}
