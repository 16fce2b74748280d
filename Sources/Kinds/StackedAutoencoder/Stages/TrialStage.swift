import RunProtocol

/// One trial's classifier, trained by several tasks on parts of its labeled examples and averaged round after round: so a
/// large labeled set is learnt on all workers.
struct TrialStage: Stage {
    let title: String
    /// Of all trials.
    let isFirst: Bool
    let settings: FineTuningSettings
    let network: NetworkSpec
    let classes: Int
    let seedKey: UInt64
    /// The parts of the labeled examples; each is the same task's in every round.
    let replicas: [LabeledBlobs]
    /// What measures the rounds: the best weights come out. Nil: those of the last round.
    let validation: LabeledBlobs?
    let isPretrained: Bool
    /// All encoders, where the output alone is trained; else nil.
    let frozen: BlobRecipe?
    let start: BlobRecipe

    var rounds: Int { settings.rounds ?? 1 }
    var taskCount: Int { replicas.count }
    /// All rounds are trained, whichever is the best.
    var reduction: Reduction {
        .average(.mean, validation.map { _ in EarlyStopping(patience: rounds + 1, minimumImprovement: 0) })
    }
    var parameters: [ParameterSpec] { start.parameters }
    var starts: [BlobRecipe] { [start] }
    var sampleSetCount: Int { replicas.count }
    var outputs: StageOutputs { .fineTuningRounds(isFirst: isFirst, isMeasured: isMeasured) }
    var isMeasured: Bool { validation != nil }

    func part(ofTask index: Int) -> Int { 0 }
    func title(ofTask index: Int) -> String { "the classifier" }

    func work(ofTask index: Int, _ context: TaskContext) -> Work {
        .train(
            settings.replica(
                of: network, classes: classes, isPretrained: isPretrained, frozen: context.frozen,
                start: context.weights[0], on: replicas[index], round: context.round, seed: context.seed))
    }

    func measurement(_ context: TaskContext) -> Work? {
        validation.map {
            .evaluate(
                settings.measuring(
                    of: network, classes: classes, frozen: context.frozen, weights: context.weights[0], on: $0))
        }
    }
}

/// What a trial's classifier starts from.
enum TrialStart: Hashable {
    case pretrained, random

    func trial(_ number: Int, labels: Int) -> Trial {
        Trial(
            number, group: self == .pretrained ? "pretrained" : "from scratch", isPretrained: self == .pretrained,
            labels: labels)
    }
}

extension FineTuningSettings {
    /// First the pretrained encoders, then, where that is to be compared, random weights.
    var starts: [TrialStart] { compareFromScratch ? [.pretrained, .random] : [.pretrained] }

    /// - Parameter trial: from 0; nil where there is only one.
    func title(ofTrial trial: Int?, _ start: TrialStart) -> String {
        "fine-tuning" + (trial.map { ", trial \($0 + 1)" } ?? "") + (start == .random ? ", from scratch" : "")
    }

    /// Its stages, and the test.
    func outline(trials: Int) -> [StageStatus] {
        let stages =
            isDistributed
            ? starts.flatMap { start in
                (0..<trials).map {
                    StageStatus(
                        waiting: title(ofTrial: trials > 1 ? $0 : nil, start), rounds: rounds ?? 1,
                        outputs: .fineTuningRounds(
                            isFirst: $0 == 0 && start == .pretrained, isMeasured: validationPerClass != nil))
                }
            } : [StageStatus(waiting: "fine-tuning", rounds: 1, outputs: .fineTuning)]
        return stages + [StageStatus(waiting: "evaluation", rounds: 1, outputs: .evaluation)]
    }
}
