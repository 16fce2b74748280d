import FoundationEssentials
import Kinds
import PlanFile
import RandomNumbers
import RunProtocol
import Testing

@Suite struct PlanReaderTests {
    private static let knownKeys = PlanReader.knownKeys(of: .standard)

    static let smallest = "data:\n  unlabeled: a.idx\nlayers:\n  - units: 10\n"

    @Test func theTemplateIsRight() throws {
        let plan = try StackedPlan(yaml: ModelKinds.standard.all[0].template)
        #expect(plan.layers.map(\.units) == [1_000, 1_000])
        #expect(plan.stages.map(\.rounds) == [8, 8])
        #expect(plan.stages.map(\.loss) == [.binaryCrossEntropy, .meanSquaredError])
        #expect(plan.stages[0].corruption == .masking(probability: 0.3))
        #expect(plan.data.labeled?.perClass == 10)
        #expect(plan.fineTuning?.encoderLearningRate == 0)
    }

    @Test func aTestSetCanBeSplitOff() throws {
        let text = """
            data:
              unlabeled: a
              labeled: {samples: a, labels: b}
              test: {split: 0.25}
            layers: [{units: 3}]
            fine_tuning: {}
            """
        let plan = try StackedPlan(yaml: text)
        #expect(plan.data.testSplit == 0.25 && plan.data.test == nil)
        // A plan without it is written down as it always was.
        let other = try StackedPlan(yaml: text.replacing("{split: 0.25}", with: "{samples: c, labels: d}"))
        #expect(!String(decoding: try JSONEncoder().encode(other), as: UTF8.self).contains("testSplit"))
        for (from, to, message) in [
            ("{split: 0.25}", "{split: 1}", "should be a number from 0.01 to 0.99"),
            ("{split: 0.25}", "{split: 0.25, samples: c}", "cannot stand beside `split`"),
            ("{split: 0.25}", "{split: 0.25, labels: {folders: true}}", "cannot stand beside `split`"),
            ("  labeled: {samples: a, labels: b}\n", "", "needs data.labeled"),
            ("{split: 0.25}", "{}", "or `split`, a share of the labeled ones"),
        ] {
            let mistakes = #expect(throws: PlanMistakes.self) { try StackedPlan(yaml: text.replacing(from, with: to)) }
            #expect(mistakes.map { "\($0)" }?.contains(message) == true, "\(mistakes.map { "\($0)" } ?? "")")
        }
    }

    @Test func theSmallestPlanHasDefaults() throws {
        let plan = try StackedPlan(yaml: Self.smallest)
        #expect(plan.fineTuning == nil)
        #expect(plan.stages[0].decoder == .unitNorm)
        #expect(plan.stages[0].l1 == 0.1)
        #expect(plan.stages[0].schedule == LearningRateSchedule(decayStart: 0.5))
    }

    @Test func aLayersOwnKeysComeFirst() throws {
        let yaml = """
            data: {unlabeled: {path: x, limit: 5, divide_by: 2}}
            layers:
              - units: 3
                rounds: 7
                outer_optimizer: nesterov
              - {units: 4, activation: tanh, decay_start: 1, gaussian_noise: 0.2, patience: 3}
            pretraining: {rounds: 2, optimizer: sgd, learning_rate: 0.5}
            """
        let plan = try StackedPlan(yaml: yaml)
        #expect(plan.data.unlabeled == SampleSource(path: "x", limit: 5, divideBy: 2))
        #expect(plan.stages.map(\.rounds) == [7, 2])
        #expect(plan.stages[0].outer == .nesterov(learningRate: 1, momentum: 0.5))
        #expect(plan.stages[1].optimizer == .sgd(learningRate: 0.5, momentum: 0.9))
        #expect(plan.stages[1].schedule == .constant)
        #expect(plan.stages[1].corruption == .gaussian(standardDeviation: 0.2))
        #expect(plan.stages[1].earlyStopping?.patience == 3)
    }

    @Test func theLearningOptionsAreRead() throws {
        let yaml = """
            data: {unlabeled: a, shards: 3, labeled: {samples: a, labels: b, per_class: 10}, test: {samples: a, labels: b}}
            layers:
              - {units: 3, weight_decay: 0, top_k: 2, masking: 0, salt_and_pepper: 0.2, revive_dead_units: true}
              - {units: 4, winner_take_all: 0.05, l1: 0.2, l1_warm_up: 0.5, warm_up: 0.1, decay: cosine}
            pretraining: {masking: 0.3, decay: linear, decay_start: 0.25, random_shift: 2, weight_decay: 0.01}
            joint_training: {random_shift: 1}
            fine_tuning:
              {layer_rate_decay: 0.5, input_noise: 0.1, max_norm: 3, class_weights: [1, 2], validation_per_class: 2,
               decay: cosine, warm_up: 0.2, pseudo_labels: {rounds: 7, confidence: 0.9, shards: 2, restart: true}}
            """
        let plan = try StackedPlan(yaml: yaml)
        let (first, second) = (plan.stages[0], plan.stages[1])
        #expect(first.sparsity == .topK(count: 2) && first.l1 == 0 && first.revivesDeadUnits)
        #expect(first.corruption == .saltAndPepper(probability: 0.2))
        #expect(first.schedule == LearningRateSchedule(decayStart: 0.25))
        #expect(second.sparsity == .winnerTakeAll(share: 0.05) && second.l1 == 0.2 && second.l1WarmUp == 0.5)
        #expect(second.schedule == LearningRateSchedule(warmUp: 0.1, decay: .cosine, decayStart: 0.25))
        // Layers above read codes, which are no pictures of the samples.
        #expect(first.randomShift == 2 && second.randomShift == nil && plan.joint?.randomShift == 1)
        #expect(first.weightDecay == nil && second.weightDecay == 0.01 && plan.joint?.weightDecay == nil)
        let tuning = try #require(plan.fineTuning)
        #expect(tuning.layerRateDecay == 0.5 && tuning.inputNoise == 0.1 && tuning.maxNorm == 3)
        #expect(tuning.classWeights == .list([1, 2]) && tuning.validationPerClass == 2)
        #expect(tuning.schedule == LearningRateSchedule(warmUp: 0.2, decay: .cosine, decayStart: 0.2))
        #expect(tuning.pseudoLabels == PseudoLabels(rounds: 7, confidence: 0.9, restarts: true, shards: 2))
    }

    @Test func aLayerMayGiveBackTheSamples() throws {
        let yaml = """
            data: {unlabeled: a}
            layers:
              - {units: 5, activation: tanh}
              - {units: 4, top_k: 2}
              - {units: 3, target: codes, output_activation: sigmoid}
              - {units: 2, output_activation: tanh}
            pretraining: {target: samples, random_shift: 1}
            """
        let stages = try StackedPlan(yaml: yaml).stages
        #expect(stages.map(\.target) == [nil, .samples, nil, .samples])
        #expect(stages.map(\.randomShift) == [1, 1, nil, 1])
        let loss = ReconstructionLoss.binaryCrossEntropy
        #expect(stages.map(\.loss) == [loss, loss, .meanSquaredError, loss])
        #expect(stages.map(\.outputActivation) == [.sigmoid, .tanh, .sigmoid, .tanh])
        let plan = try StackedPlan(yaml: yaml + "\njoint_training: {winner_take_all: 0.5}")
        #expect(plan.autoencoderStages.map(\.name) == ["layer 1", "layer 2", "layer 3", "layer 4", "all layers"])
        #expect(plan.autoencoderStages.map(\.layer) == [0, 0, 2, 0, 0])
        #expect(plan.autoencoderStages.map(\.trainedLayers) == [0..<1, 1..<2, 2..<3, 3..<4, 0..<4])
        #expect(plan.autoencoderStages.map(\.decoders.count) == [1, 2, 1, 4, 4])
        #expect(plan.autoencoderStages.prefix(3).sparsity == [.none, .topK(count: 2), .none])
        #expect(plan.sparsity == [.none, .none, .none, .winnerTakeAll(share: 0.5)])
    }

    @Test(arguments: [
        ("top_k: 2, winner_take_all: 0.1", "", "layers[0].winner_take_all"),
        ("target: code", "", "layers[0].target"),
        ("loss: mean_squared_error}, {units: 2, target: samples, loss: binary_cross_entropy", "", "layers[1].loss"),
        ("masking: 0.2, salt_and_pepper: 0.1", "", "layers[0].salt_and_pepper"),
        ("decay: sine", "", "layers[0].decay"), ("top_k: -1", "", "layers[0].top_k"),
        ("random_shift: 65", "", "layers[0].random_shift"), ("weight_decay: 2", "", "layers[0].weight_decay"),
        ("rounds: 1}, {units: 2, random_shift: 1", "", "layers[1].random_shift"),
        ("", "class_weights: even", "fine_tuning.class_weights"),
        ("", "class_weights: [1, x]", "fine_tuning.class_weights"),
        ("", "class_weights: [0, 0]", "fine_tuning.class_weights"),
        ("", "class_weights: []", "fine_tuning.class_weights"),
        ("", "validation_per_class: 5", "fine_tuning.validation_per_class"),
        ("", "pseudo_labels: {shards: 3}", "fine_tuning.pseudo_labels.shards"),
        ("", "pseudo_labels: {round: 3}", "fine_tuning.pseudo_labels.round"),
        ("", "max_norm: 0", "fine_tuning.max_norm"),
    ]) func aWrongOptionIsNamed(layer: String, tuning: String, key: String) {
        let labels = "labeled: {samples: a, labels: b, per_class: 5}, test: {samples: a, labels: b}"
        let yaml =
            "data: {unlabeled: a, \(labels)}\nlayers: [{units: 2\(layer.isEmpty ? "" : ", ")\(layer)}]\n"
            + "fine_tuning: {epochs: 1\(tuning.isEmpty ? "" : ", ")\(tuning)}"
        let mistakes = #expect(throws: PlanMistakes.self) { try StackedPlan(yaml: yaml) }?.mistakes ?? []
        #expect(mistakes.map(\.key) == [key])
    }

    @Test(
        arguments: [
            ("x.idx", .file(path: "x.idx")), ("{path: x.idx}", .file(path: "x.idx")), ("{folders: true}", .folders),
            ("{column: species}", .column(name: "species")),
            ("{path: y.csv, column: 2, header: true}", .file(path: "y.csv", column: "2", header: true)),
            ("{path: y.npz, array: y}", .file(path: "y.npz", array: "y")),
        ] as [(String, LabelSource)]) func labelsHaveThreeForms(yaml: String, expected: LabelSource) throws
    {
        let data =
            "data:\n  unlabeled: a\n  labeled: {samples: a, labels: \(yaml)}\n  test: {samples: b, labels: \(yaml)}"
        let plan = try StackedPlan(yaml: data + "\nlayers: [{units: 2}]")
        #expect(plan.data.labeled?.labels == expected)
        #expect(plan.data.test?.labels == expected)
    }

    @Test(arguments: [
        "{header: true, folders: true}", "{column: a, header: true}", "{column: a, array: x}",
        "{}", "{column: a, folders: true}", "{folders: false}", "{colum: a}", "[a]", "{column: {a: b}}",
    ]) func labelsOfNoFormAreMistakes(yaml: String) {
        let text = "data:\n  unlabeled: a\n  test: {samples: b, labels: \(yaml)}\nlayers: [{units: 2}]"
        let mistakes = #expect(throws: PlanMistakes.self) { try StackedPlan(yaml: text) }?.mistakes ?? []
        #expect(!mistakes.isEmpty)
        #expect(mistakes.allSatisfy { $0.line == 3 && $0.key.hasPrefix("data.test.labels") })
    }

    @Test func everyMistakeIsReportedWithItsLine() {
        let yaml = """
            nam: x
            seed: -1
            data:
              held_out: many
            layers:
              - units: 0
                activation: rellu
            pretraining:
              rounds: 5
              masking: 2
              l2: 1
            fine_tuning:
              epochs: 10
            """
        do {
            _ = try StackedPlan(yaml: yaml)
            Issue.record("a plan full of mistakes is taken for right")
        } catch {
            let found = error.mistakes.map { "\($0.line) \($0.key)" }
            let expected = [
                "1 nam", "2 seed", "3 data.unlabeled", "4 data.held_out", "6 layers[0].units", "7 layers[0].activation",
                "10 pretraining.masking", "11 pretraining.l2", "12 fine_tuning",
            ]
            #expect(found == expected)
            #expect(error.description.contains("line 1: nam: is unknown here; do you mean `name`?"))
            #expect(error.description.contains("should be one of relu, sigmoid, tanh, linear"))
        }
    }

    @Test(arguments: [
        "", "- a\n- b", "a: [", "x", "name: a\nname: b", "a: &x [1]\nb: *x", "layers: 3\ndata: 4", "\t",
    ]) func whatIsNoPlanIsRefused(yaml: String) {
        #expect(throws: PlanMistakes.self) { try StackedPlan(yaml: yaml) }
    }

    @Test func tooLongAPlanIsRefused() {
        let long = Self.smallest + String(repeating: "#", count: Limits.planBytes)
        #expect(throws: PlanMistakes.self) { try StackedPlan(yaml: long) }
    }

    @Test(arguments: ["b: &-x [1]", "{?&x b: c}", "\u{FEFF}&x b: c", "b:\u{2028}&_ c", "- *1"])
    func noAliasComesThrough(text: String) throws {
        let mistakes = try #require(throws: PlanMistakes.self) { try StackedPlan(yaml: text) }
        #expect(mistakes.description.contains("cannot be used in a plan"))
    }

    @Test func noMoreMistakesAreToldThanAnybodyReads() throws {
        let keys = (0..<80_000).map { "k\($0): 1" }.joined(separator: "\n")
        let mistakes = try #require(throws: PlanMistakes.self) { try StackedPlan(yaml: keys) }
        #expect(mistakes.mistakes.count == 100)
    }

    @Test(arguments: 0..<500) func mutantsNeverCrash(seed: Int) {
        var bytes = Array(ModelKinds.standard.all[0].template.utf8)
        var random = Philox(key: UInt64(seed), stream: 0)
        for _ in 0...random.next(below: 4) {
            bytes[random.next(below: bytes.count)] = UInt8(32 + random.next(below: 95))
        }
        do {
            let plan = try StackedPlan(yaml: String(decoding: bytes, as: UTF8.self))
            #expect(!plan.layers.isEmpty)
        } catch {
            #expect(!error.mistakes.isEmpty)
        }
    }

    @Test func everyKeyIsDocumented() throws {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let data = try #require(FileManager.default.contents(atPath: "/\(folder)/docs/plan.md"))
        let document = String(decoding: data, as: UTF8.self)
        #expect(Self.knownKeys.count > 40)
        for key in Self.knownKeys.sorted() {
            #expect(document.contains("`\(key)`"), "docs/plan.md does not speak of \(key)")
        }
    }
}
