import Kinds
import PlanFile
import RunProtocol
import Testing

/// Plans compiled into stages.
@Suite struct StageCompilerTests {
    private static let digest = Digest(of: [])

    private static func manifest(_ plan: StackedPlan) -> StackedManifest {
        func samples(_ count: Int) -> SampleSet { SampleSet(digest: digest, count: count, size: 16, divisor: 1) }
        func labeled(_ count: Int) -> LabeledBlobs { LabeledBlobs(samples: samples(count), labels: digest) }
        let draws = (plan.data.labeled?.draws ?? 0) * (plan.fineTuning?.replicas ?? 1)
        var manifest = StackedManifest(
            planHash: digest, inputSize: 16, image: ImageShape(height: 4, width: 4, channels: 1),
            shards: [SampleSet](repeating: samples(20), count: plan.data.shards), heldOut: samples(10),
            draws: [LabeledBlobs](repeating: labeled(8), count: draws), test: plan.fineTuning.map { _ in labeled(9) },
            classes: 3)
        if plan.fineTuning?.validatedPerRound != nil {
            manifest.validation = [LabeledBlobs](repeating: labeled(3), count: plan.data.labeled?.draws ?? 0)
        }
        manifest.outputs = plan.outputs?.map {
            OutputSamples(name: $0.name, parts: [SampleSet](repeating: samples(5), count: $0.shards))
        }
        return manifest
    }

    private static let data = """
        data:
          unlabeled: a
          held_out: 10
          shards: 3
          labeled: {samples: a, labels: b, draws: 2}
          test: {samples: a, labels: b}

        """

    static let plans = [
        data + "layers: [{units: 5}]",
        data + "layers: [{units: 5}, {units: 4, target: samples}, {units: 3}]\njoint_training: {rounds: 2}",
        data + "layers: [{convolution: {channels: 2, pooling: 2}}, {units: 4}]\nfine_tuning: {}",
        data + "layers: [{units: 5}]\nfine_tuning: {encoder_learning_rate: 0, input_dropout: 0}",
        data + "layers: [{units: 5}]\nfine_tuning: {epochs: 6, rounds: 3, replicas: 2}",
        data + "layers: [{units: 5}]\nfine_tuning: {epochs: 6, rounds: 3, validation_per_class: 1}",
        data
            + "layers: [{units: 5}]\nfine_tuning: {encoder_learning_rate: 0, input_dropout: 0, replicas: 4,"
            + " compare_from_scratch: false}",
        data
            + "layers: [{units: 5}, {units: 4}]\noutputs: [{name: a, samples: x}, {name: b, samples: y, shards: 1, statistics: true}]",
    ]

    /// What is said of a run before its data are known is what it does, and every task is one that a worker takes.
    @Test(arguments: plans) func stagesAreThoseOfTheOutline(yaml: String) throws {
        let plan = try StackedPlan(yaml: yaml)
        let outline = StageCompiler.standard.outline(plan.plan)
        let run = try StageCompiler.standard.compile(plan.plan, DataManifest(encoding: Self.manifest(plan)))
        #expect(run.stages.map(\.title) == outline.stages.map(\.name))
        #expect(run.stages.map(\.rounds) == outline.stages.map(\.rounds))
        #expect(Set(run.stages.map(\.seedKey)).count == run.stages.count)
        let id = try #require(RunID(rawValue: "run-1"))
        for (index, stage) in run.stages.enumerated() {
            #expect(stage.taskCount > 0)
            let works = (0..<stage.taskCount).map { stage.exampleWork(ofTask: $0) }
            for (task, work) in (works + [stage.exampleMeasurement].compactMap(\.self)).enumerated() {
                try TaskDescription(
                    id: TaskID(run: id, stage: index, round: 1, index: task), title: stage.title, work: work
                ).check()
            }
            if case .average = stage.reduction {
                #expect(works.allSatisfy { $0.elementCount == stage.parameters.elementCount })
            }
        }
    }

    /// Each tensor that a stage starts from, or that is exported, is there when it is wanted.
    @Test(arguments: plans) func recipesNameWhatIsThere(yaml: String) throws {
        let plan = try StackedPlan(yaml: yaml)
        let run = try StageCompiler.standard.compile(plan.plan, DataManifest(encoding: Self.manifest(plan)))
        func check(_ recipe: BlobRecipe, before stage: Int) throws {
            for (parameter, source) in zip(recipe.parameters, recipe.sources) {
                switch source {
                case .stage(let index):
                    #expect(index < stage)
                    let tensor = run.stages[index].parameters.first { $0.name == parameter.name }
                    #expect(tensor?.shape == parameter.shape)
                case .result(let index, let task, let place):
                    #expect(index < stage)
                    #expect(run.stages[index].resultParameters(ofTask: task)[place].shape == parameter.shape)
                case .initializer: #expect(parameter.stream != nil)
                }
            }
        }
        for (index, stage) in run.stages.enumerated() {
            for recipe in [stage.frozen].compactMap(\.self) + stage.starts { try check(recipe, before: index) }
        }
        for export in run.exports {
            if let recipe = export.weights { try check(recipe, before: run.stages.count) }
            if case .results(let stage, let count, let size) = export.content {
                let numbers = (0..<run.stages[stage].taskCount).reduce(0) {
                    $0 + run.stages[stage].exampleWork(ofTask: $1).elementCount
                }
                #expect(numbers == count * size)
            }
        }
        #expect(Set(run.exports.map(\.part)).count == run.exports.count)
    }

    @Test func aTrialIsLearntInParts() throws {
        let plan = try StackedPlan(yaml: Self.plans[4])
        let run = try StageCompiler.standard.compile(plan.plan, DataManifest(encoding: Self.manifest(plan)))
        #expect(
            run.stages.map(\.title) == [
                "layer 1", "fine-tuning, trial 1", "fine-tuning, trial 2", "fine-tuning, trial 1, from scratch",
                "fine-tuning, trial 2, from scratch", "evaluation",
            ])
        #expect(run.stages[1].rounds == 3 && run.stages[1].taskCount == 2)
        guard case .train(let work) = run.stages[1].exampleWork(ofTask: 1) else {
            Issue.record("a trial is trained")
            return
        }
        #expect(work.settings.epochs == 2 && work.rounds == 3 && work.returned == .change)
        #expect(run.stages[5].taskCount == 4)
        #expect(run.stages[5].trial(ofTask: 3)?.number == 1 && run.stages[5].trial(ofTask: 3)?.isPretrained == false)
    }

    static let mistakes = [
        ("fine_tuning: {epochs: 10, rounds: 3}", "should divide epochs"),
        ("fine_tuning: {epochs: 10, rounds: 2, pseudo_labels: {}}", "cannot stand beside rounds or replicas"),
        ("outputs: [{samples: x}]", "is missing: what the export is called"),
        ("outputs: [{name: pretrained, samples: x}]", "is the name of another export"),
        ("outputs: [{name: a, samples: x}, {name: a, samples: y}]", "is the name of another export"),
        (
            "outputs: [{name: a, samples: x, statistics: true}, {name: a-statistics, samples: y}]",
            "is the name of another export"
        ),
        ("outputs: [{name: A/b, samples: x}]", "should have lower-case letters"),
        ("outputs: [{name: a}]", "the samples whose codes are wanted"),
    ]

    @Test(arguments: mistakes) func mistakesAreTold(yaml: String, text: String) {
        let error = #expect(throws: PlanMistakes.self) {
            try StackedPlan(yaml: Self.data + "layers: [{units: 5}]\n" + yaml)
        }
        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }
}
