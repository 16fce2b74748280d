import ModelFormat
import RandomNumbers
import RunProtocol

extension PairPlan {
    /// Units that read both fields, and a linear output for each class above them.
    func graph(_ manifest: PairManifest) -> (graph: Graph, code: Int) {
        let (left, right, classes) = (manifest.leftSize, manifest.rightSize, manifest.classNames.count)
        var graph = Graph(
            inputs: [Graph.Input(field: "left", shape: [left]), Graph.Input(field: "right", shape: [right])],
            parameters: [
                .weight("units.left.weight", [left, units]), .weight("units.right.weight", [right, units]),
                .bias("units.bias", units), .weight("classes.weight", [units, classes]), .bias("classes.bias", classes),
            ])
        let code = graph.append(
            "units", .linear(.dense(shape: [units], isTransposed: false), activation: .tanh), of: [0, 1],
            parameters: [0, 1, 2])
        graph.append(
            "classes", .linear(.dense(shape: [classes], isTransposed: false), activation: .linear), of: [code],
            parameters: [3, 4])
        return (graph, code)
    }

    func compiled(by manifest: PairManifest) -> CompiledRun {
        let (graph, _) = graph(manifest)
        func recipe(_ source: (Int) -> BlobRecipe.Source) -> BlobRecipe {
            BlobRecipe(graph.parameters, graph.parameters.indices.map(source))
        }
        var run = CompiledRun(stages: [], exports: [])
        for (index, title) in trainingTitles.enumerated() {
            let seed = Seed.derive(from: seed, UInt64(index))
            let start = recipe { _ in index == 0 ? .initializer(seed: seed) : .stage(index - 1) }
            run.stages.append(
                PairTraining(plan: self, manifest: manifest, title: title, seedKey: UInt64(index), start: start))
        }
        let ended = recipe { _ in .stage(stages - 1) }
        var tested = [ended]
        if trials > 0 {
            let tuning = PairTrials(plan: self, manifest: manifest, seedKey: UInt64(stages), ended: ended)
            run.stages.append(tuning)
            tested = (0..<tuning.taskCount).map { task in
                recipe { .result(stage: stages, task: task, parameter: $0) }
            }
        }
        let seedKey = UInt64(run.stages.count)
        run.stages.append(PairTest(plan: self, manifest: manifest, seedKey: seedKey, starts: tested))
        run.stages.append(PairCodes(plan: self, manifest: manifest, seedKey: seedKey + 1, weights: ended))
        let description = ModelDescription(
            part: ExportDescription.Part(rawValue: "classifier")!, graph: graph,
            use: .classes(output: graph.valueCount - 1), inputs: [.init(divisor: 1), .init(divisor: 1)],
            classNames: manifest.classNames, planHash: manifest.planHash)
        run.exports = [
            ExportRecipe(
                description.part, fileName: "classifier.safetensors",
                .weights(tested[0], metadata: description.metadata)),
            ExportRecipe(
                ExportDescription.Part(rawValue: "codes")!, fileName: "codes.npy",
                .results(stage: run.stages.count - 1, count: manifest.heldOut.count, size: units)),
        ]
        (run.columns, run.classNames, run.network) = (manifest.columns, manifest.classNames, graph)
        return run
    }

    fileprivate func training(
        on part: PairManifest.Part, of manifest: PairManifest, start: Digest?, _ context: TaskContext
    ) -> TrainWork {
        let graph = graph(manifest).graph
        return TrainWork(
            graph: graph,
            objective: Objective(.crossEntropy(field: "labels", weights: .equal), of: graph.valueCount - 1),
            settings: TrainingSettings(
                epochs: epochs, batchSize: batchSize, optimizer: .sgd(learningRate: learningRate, momentum: 0.9),
                rates: graph.parameters.map { _ in learningRate }),
            start: start.map { TrainWork.Start($0, count: graph.parameters.count) }, data: manifest.fields(part),
            round: context.round, rounds: rounds, returned: .change, seed: context.seed)
    }

    fileprivate func measuring(
        _ weights: Digest, of manifest: PairManifest, _ measure: (Int) -> EvaluateWork.Measure
    ) -> EvaluateWork {
        let graph = graph(manifest).graph
        return EvaluateWork(
            graph: graph, weights: weights, data: manifest.fields(manifest.heldOut),
            measures: [measure(graph.valueCount - 1)])
    }

    /// Which classifier a task's is, where there are several: first those that start from the averaged weights.
    fileprivate func trial(_ task: Int, _ manifest: PairManifest) -> (trial: Trial, part: PairManifest.Part) {
        let (number, isPretrained) = (task % trials, task < trials)
        let part = manifest.shards[number % manifest.shards.count]
        let group = isPretrained ? "pretrained" : "from scratch"
        return (Trial(number, group: group, isPretrained: isPretrained, labels: part.count), part)
    }
}

/// All replicas' training, averaged and measured by its accuracy.
private struct PairTraining: Stage {
    let plan: PairPlan
    let manifest: PairManifest
    let title: String
    let seedKey: UInt64
    let start: BlobRecipe

    var rounds: Int { plan.rounds }
    var taskCount: Int { plan.replicas }
    var reduction: Reduction {
        .average(
            plan.momentum.map { .nesterov(learningRate: 1, momentum: $0) } ?? .mean,
            plan.patience.map { EarlyStopping(patience: $0, minimumImprovement: plan.improvement) })
    }
    var parameters: [ParameterSpec] { start.parameters }
    var frozen: BlobRecipe? { nil }
    var starts: [BlobRecipe] { [start] }
    var sampleSetCount: Int { manifest.shards.count }
    var isMeasured: Bool { true }
    var outputs: StageOutputs { .pairTraining }

    func part(ofTask index: Int) -> Int { 0 }
    func title(ofTask index: Int) -> String { "the classifier" }

    func work(ofTask index: Int, _ context: TaskContext) -> Work {
        .train(
            plan.training(
                on: manifest.shards[sampleSet(ofTask: index, round: context.round)], of: manifest,
                start: context.weights[0], context))
    }

    func measurement(_ context: TaskContext) -> Work? {
        .evaluate(plan.measuring(context.weights[0], of: manifest) { .accuracy(output: $0, field: "labels") })
    }
}

/// A classifier for each trial, from the averaged weights and from random ones; each is what one task comes to.
private struct PairTrials: Stage {
    let plan: PairPlan
    let manifest: PairManifest
    let seedKey: UInt64
    let ended: BlobRecipe

    var title: String { "trials" }
    var taskCount: Int { 2 * plan.trials }
    var frozen: BlobRecipe? { ended }
    var starts: [BlobRecipe] { [] }
    var outputs: StageOutputs { .pairTrials }

    func part(ofTask index: Int) -> Int { index < plan.trials ? 0 : 1 }
    func title(ofTask index: Int) -> String { "the classifier" }
    func trial(ofTask index: Int) -> Trial? { plan.trial(index, manifest).trial }

    func work(ofTask index: Int, _ context: TaskContext) -> Work {
        let (trial, part) = plan.trial(index, manifest)
        let start = trial.isPretrained ? context.frozen : nil
        var work = plan.training(on: part, of: manifest, start: start, context)
        (work.settings.epochs, work.settings.tellsEpochs) = (2, true)
        (work.rounds, work.returned) = (1, .weights)
        return .train(work)
    }
}

/// Which class is predicted as which: by what has been averaged, or by each trial's classifier.
private struct PairTest: Stage {
    let plan: PairPlan
    let manifest: PairManifest
    let seedKey: UInt64
    let starts: [BlobRecipe]

    var title: String { "test" }
    var taskCount: Int { starts.count }
    var frozen: BlobRecipe? { nil }
    var outputs: StageOutputs { .pairTest }

    func part(ofTask index: Int) -> Int { index < max(plan.trials, 1) ? 0 : 1 }
    func title(ofTask index: Int) -> String { "the classifier" }
    func trial(ofTask index: Int) -> Trial? {
        guard plan.trials == 0 else { return plan.trial(index, manifest).trial }
        return Trial(0, group: "pairs", isPretrained: false, labels: manifest.shards.reduce(0) { $0 + $1.count })
    }

    func work(ofTask index: Int, _ context: TaskContext) -> Work {
        .evaluate(plan.measuring(context.weights[index], of: manifest) { .confusion(output: $0, field: "labels") })
    }
}

/// What the units make of the samples that measure.
private struct PairCodes: Stage {
    let plan: PairPlan
    let manifest: PairManifest
    let seedKey: UInt64
    let weights: BlobRecipe

    var title: String { "codes" }
    var taskCount: Int { 1 }
    var frozen: BlobRecipe? { nil }
    var starts: [BlobRecipe] { [BlobRecipe(Array(weights.parameters.prefix(3)), Array(weights.sources.prefix(3)))] }
    var outputs: StageOutputs { .pairCodes }

    func part(ofTask index: Int) -> Int { 0 }
    func title(ofTask index: Int) -> String { title }

    func work(ofTask index: Int, _ context: TaskContext) -> Work {
        var graph = plan.graph(manifest).graph
        graph.nodes.removeLast()
        graph.parameters.removeLast(2)
        return .encode(
            EncodeWork(graph: graph, weights: context.weights[0], data: manifest.fields(manifest.heldOut)))
    }
}

extension StageOutputs {
    private static func loss(chart: String?) -> MetricDescription {
        MetricDescription(
            "loss", title: "loss", text: "Mean training loss.", unit: MetricUnit(name: "cross-entropy", values: 1),
            direction: .lowerIsBetter, of: .round, chart: chart)
    }

    static let pairTraining = StageOutputs(metrics: [
        loss(chart: "Training loss"),
        MetricDescription(
            "accuracy", title: "accuracy", text: "Share of the held-out samples whose class is predicted, 0 to 1.",
            direction: .higherIsBetter, lowest: 0, highest: 1, of: .weights, decides: true, chart: "Accuracy",
            format: .share),
    ])

    static let pairTrials = StageOutputs(
        metrics: [loss(chart: nil)],
        series: [
            SeriesDescription(
                "losses", resultName: "epochLosses", title: "loss", axis: "epoch",
                unit: MetricUnit(name: "cross-entropy", values: 1), chart: "Learning curves")
        ], isCollected: true, text: "a classifier for each trial")

    static let pairTest = StageOutputs(
        tables: [
            TableDescription(
                "confusion", title: "Confusion matrix", rows: "label", columns: "prediction",
                error: MetricDescription(
                    "pairError", column: "error", title: "pair error",
                    text: "Share of the held-out pairs that are classified wrongly, 0 to 1.",
                    direction: .lowerIsBetter, lowest: 0, highest: 1, of: .trial, format: .share))
        ], isCollected: true, trains: false)

    static let pairCodes = StageOutputs(isCollected: true, trains: false, text: "codes for the export")
}
