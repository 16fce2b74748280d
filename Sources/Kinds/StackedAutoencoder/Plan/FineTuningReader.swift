import PlanFile
import RunProtocol

/// Reads the plan's section `fine_tuning`.
enum FineTuningReader {
    static func read(_ section: Section, _ data: DataPlan) -> FineTuningSettings {
        defer { section.finish() }
        let settings = settings(section, data)
        if let rounds = settings.rounds, settings.epochs % rounds != 0 {
            section.note("rounds", "should divide epochs, which is \(settings.epochs): each round has as many")
        }
        if settings.isDistributed, settings.pseudoLabels != nil {
            section.note(
                "pseudo_labels", "cannot stand beside rounds or replicas above 1: a trial must be one task for it")
        }
        return settings
    }

    private static func settings(_ section: Section, _ data: DataPlan) -> FineTuningSettings {
        FineTuningSettings(
            epochs: section.whole("epochs", in: 1...100_000) ?? 100,
            batchSize: section.whole("batch_size", in: 1...65_536) ?? 32,
            optimizer: StageReader.optimizer(section),
            encoderLearningRate: section.number("encoder_learning_rate", in: 0...100) ?? 0.0001,
            schedule: StageReader.schedule(section), dropout: section.number("dropout", in: 0...0.99) ?? 0.5,
            inputDropout: section.number("input_dropout", in: 0...0.99) ?? 0.2,
            weightDecay: section.number("weight_decay", in: 0...1) ?? 0,
            compareFromScratch: section.flag("compare_from_scratch") ?? true,
            layerRateDecay: section.number("layer_rate_decay", in: 0...1) ?? 1,
            inputNoise: section.number("input_noise", in: 0...1_000_000) ?? 0,
            maxNorm: section.number("max_norm", in: 0.000_001...1_000_000),
            classWeights: classWeights(section), validationPerClass: validation(section, data.labeled),
            pseudoLabels: section.has("pseudo_labels") ? pseudoLabels(section.section("pseudo_labels"), data) : nil,
            rounds: section.whole("rounds", in: 1...Limits.rounds),
            replicas: section.whole("replicas", in: 1...Limits.replicas))
    }

    private enum ClassWeightsName: String, CaseIterable { case equal, balanced }

    private static func classWeights(_ section: Section) -> ClassWeights {
        if section.isList("class_weights") {
            let weights = section.numbers("class_weights", in: 0...1_000_000)
            if let weights, !weights.contains(where: { $0 > 0 }) {
                section.note("class_weights", "should have a number above 0")
            }
            return weights.map { .list($0) } ?? .equal
        }
        return section.choice("class_weights", ClassWeightsName.self) == .balanced ? .balanced : .equal
    }

    /// The examples set aside are labels that are used, so they are of those drawn, and must leave some to learn from.
    private static func validation(_ section: Section, _ labeled: LabeledSource?) -> Int? {
        let count = section.whole("validation_per_class", in: 1...Limits.samples)
        if let count, let drawn = labeled?.perClass, count >= drawn {
            section.note("validation_per_class", "should be below data.labeled.per_class, which is \(drawn)")
        }
        return count
    }

    private static func pseudoLabels(_ section: Section, _ data: DataPlan) -> PseudoLabels {
        defer { section.finish() }
        let defaults = PseudoLabels()
        let shards = section.whole("shards", in: 1...Limits.shards)
        if let shards, shards > data.shards {
            section.note("shards", "should be at most data.shards, which is \(data.shards)")
        }
        return PseudoLabels(
            rounds: section.whole("rounds", in: 1...Limits.selfTrainingRounds) ?? defaults.rounds,
            epochs: section.whole("epochs", in: 1...100_000) ?? defaults.epochs,
            batchSize: section.whole("batch_size", in: 1...65_536) ?? defaults.batchSize,
            weight: section.number("weight", in: 0...1_000) ?? defaults.weight,
            share: section.number("share", in: 0.000_001...1) ?? defaults.share,
            confidence: section.number("confidence", in: 0...1) ?? defaults.confidence,
            isBalanced: section.flag("balanced") ?? defaults.isBalanced,
            ensembling: section.number("ensembling", in: 0...0.9999) ?? defaults.ensembling,
            restarts: section.flag("restart") ?? defaults.restarts, shards: shards)
    }
}
