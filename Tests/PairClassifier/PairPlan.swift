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
    /// How often the weights are averaged in `rounds` rounds, each time from where the time before has ended.
    var stages: Int
    var rounds: Int
    var replicas: Int
    var epochs: Int
    /// Of averaged changes (Nesterov); nil: what is averaged is added as it is.
    var momentum: Double?
    var batchSize: Int
    var learningRate: Double
    /// Rounds without a better accuracy after which a stage ends; nil: never.
    var patience: Int?
    /// By which share of the best so far it must be better.
    var improvement: Double
    /// How many classifiers are trained on a shard each, from the averaged weights and from random ones; 0: what is
    /// averaged is the classifier.
    var trials: Int

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
}

extension PairPlan {
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
        stages = training.whole("stages", in: 1...10) ?? 1
        rounds = training.whole("rounds", in: 1...1_000) ?? 10
        replicas = training.whole("replicas", in: 1...100) ?? 4
        epochs = training.whole("local_epochs", in: 1...100_000) ?? 1
        momentum = training.number("outer_momentum", in: 0...1)
        batchSize = training.whole("batch_size", in: 1...10_000) ?? 16
        learningRate = training.number("learning_rate", in: 0...100) ?? 0.1
        patience = training.whole("patience", in: 1...1_000)
        improvement = training.number("improvement", in: 0...1) ?? 0
        trials = training.whole("trials", in: 0...100) ?? 0
        data.finish()
        training.finish()
    }

    /// What the averaged stages are called.
    var trainingTitles: [String] { stages == 1 ? ["training"] : (1...stages).map { "training \($0)" } }
}
