import PlanFile
import RunProtocol

/// What a plan of two fields says, beside what all plans do.
struct PairPlan: Codable, Hashable {
    var name: String
    var seed: UInt64
    var model: String?
    var verify: Double?
    var instructionSet: InstructionSet?
    var left: String
    var right: String
    var labels: String
    var shards: Int
    /// How many samples measure and test, and are not learnt from.
    var heldOut: Int
    var units: Int
    var rounds: Int
    var replicas: Int
    var batchSize: Int
    var learningRate: Double
    /// Rounds without a better accuracy after which training ends; nil: never.
    var patience: Int?

    static let template = """
        model: pair_classifier
        name: pairs
        seed: 1
        data:
          left: left.npy            # (samples, numbers)
          right: right.npy          # (samples, numbers), of the same samples
          labels: labels.csv
          shards: 4
          held_out: 100
        units: 8
        training: {rounds: 10, replicas: 4, batch_size: 16, learning_rate: 0.1, patience: 3}

        """

    init(_ top: Section, _ common: Plan) {
        let (data, training) = (top.section("data"), top.section("training"))
        (name, seed, model) = (common.name, common.seed, common.model)
        (verify, instructionSet) = (common.verify, common.instructionSet)
        left = data.requiredText("left", "the file of the first numbers")
        right = data.requiredText("right", "the file of the second numbers")
        labels = data.requiredText("labels", "the file of classes")
        shards = data.whole("shards", in: 1...Limits.shards) ?? 4
        heldOut = data.whole("held_out", in: 1...1_000_000) ?? 100
        units = top.whole("units", in: 1...10_000) ?? 8
        rounds = training.whole("rounds", in: 1...1_000) ?? 10
        replicas = training.whole("replicas", in: 1...100) ?? 4
        batchSize = training.whole("batch_size", in: 1...10_000) ?? 16
        learningRate = training.number("learning_rate", in: 0...100) ?? 0.1
        patience = training.whole("patience", in: 1...1_000)
        data.finish()
        training.finish()
    }
}
