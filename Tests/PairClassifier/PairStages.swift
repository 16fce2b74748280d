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
        let seed = Seed.derive(from: seed, 0)
        let start = BlobRecipe(graph.parameters, graph.parameters.map { _ in .initializer(seed: seed) })
        let ended = BlobRecipe(graph.parameters, graph.parameters.map { _ in .stage(0) })
        var run = CompiledRun(
            stages: [
                PairTraining(plan: self, manifest: manifest, start: start),
                PairTest(plan: self, manifest: manifest, weights: ended),
                PairCodes(plan: self, manifest: manifest, weights: ended),
            ], exports: [])
        let description = ModelDescription(
            part: ExportDescription.Part(rawValue: "classifier")!, graph: graph,
            use: .classes(output: graph.valueCount - 1), inputs: [.init(divisor: 1), .init(divisor: 1)],
            classNames: manifest.classNames, planHash: manifest.planHash)
        run.exports = [
            ExportRecipe(
                description.part, fileName: "classifier.safetensors",
                .weights(ended, metadata: description.metadata)),
            ExportRecipe(
                ExportDescription.Part(rawValue: "codes")!, fileName: "codes.npy",
                .results(stage: 2, count: manifest.heldOut.count, size: units)),
        ]
        run.classNames = manifest.classNames
        run.network = graph
        return run
    }
}

/// All replicas' training, averaged and measured by its accuracy.
private struct PairTraining: Stage {
    let plan: PairPlan
    let manifest: PairManifest
    let start: BlobRecipe

    var title: String { "training" }
    var seedKey: UInt64 { 0 }
    var rounds: Int { plan.rounds }
    var taskCount: Int { plan.replicas }
    var reduction: Reduction {
        .average(.mean, plan.patience.map { EarlyStopping(patience: $0, minimumImprovement: 0) })
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
        let graph = plan.graph(manifest).graph
        return .train(
            TrainWork(
                graph: graph,
                objective: Objective(.crossEntropy(field: "labels", weights: .equal), of: graph.valueCount - 1),
                settings: TrainingSettings(
                    epochs: 1, batchSize: plan.batchSize,
                    optimizer: .sgd(learningRate: plan.learningRate, momentum: 0.9),
                    rates: graph.parameters.map { _ in plan.learningRate }),
                start: TrainWork.Start(context.weights[0], count: graph.parameters.count),
                data: manifest.fields(manifest.shards[sampleSet(ofTask: index, round: context.round)]),
                round: context.round, rounds: plan.rounds, returned: .change, seed: context.seed))
    }

    func measurement(_ context: TaskContext) -> Work? {
        let graph = plan.graph(manifest).graph
        return .evaluate(
            EvaluateWork(
                graph: graph, weights: context.weights[0], data: manifest.fields(manifest.heldOut),
                measures: [.accuracy(output: graph.valueCount - 1, field: "labels")]))
    }
}

/// Which class is predicted as which.
private struct PairTest: Stage {
    let plan: PairPlan
    let manifest: PairManifest
    let weights: BlobRecipe

    var title: String { "test" }
    var seedKey: UInt64 { 1 }
    var taskCount: Int { 1 }
    var frozen: BlobRecipe? { nil }
    var starts: [BlobRecipe] { [weights] }
    var outputs: StageOutputs { .pairTest }

    func part(ofTask index: Int) -> Int { 0 }
    func title(ofTask index: Int) -> String { "the classifier" }
    func trial(ofTask index: Int) -> Trial? {
        Trial(0, group: "pairs", isPretrained: false, labels: manifest.shards.reduce(0) { $0 + $1.count })
    }

    func work(ofTask index: Int, _ context: TaskContext) -> Work {
        let graph = plan.graph(manifest).graph
        return .evaluate(
            EvaluateWork(
                graph: graph, weights: context.weights[0], data: manifest.fields(manifest.heldOut),
                measures: [.confusion(output: graph.valueCount - 1, field: "labels")]))
    }
}

/// What the units make of the samples that measure.
private struct PairCodes: Stage {
    let plan: PairPlan
    let manifest: PairManifest
    let weights: BlobRecipe

    var title: String { "codes" }
    var seedKey: UInt64 { 2 }
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
    static let pairTraining = StageOutputs(metrics: [
        MetricDescription(
            "loss", title: "loss", text: "Mean training loss.", unit: MetricUnit(name: "cross-entropy", values: 1),
            direction: .lowerIsBetter, of: .round, chart: "Training loss"),
        MetricDescription(
            "accuracy", title: "accuracy", text: "Share of the held-out samples whose class is predicted, 0 to 1.",
            direction: .higherIsBetter, lowest: 0, highest: 1, of: .weights, decides: true, chart: "Accuracy",
            format: .share),
    ])

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
