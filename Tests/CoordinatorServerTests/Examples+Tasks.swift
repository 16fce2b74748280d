import RunProtocol

/// Tasks and what comes of them, with every case that there is; they need not be possible.
extension Examples {
    /// Metrics of rounds, weights and trials, with every word that can be said of them.
    static let everyOutput: StageOutputs = {
        let loss = MetricUnit(name: "squared error", values: 784)
        let error = MetricDescription(
            "testError", column: "error", title: "test error",
            text: "Share of the samples that are classified wrongly.",
            direction: .lowerIsBetter, lowest: 0, highest: 1, of: .trial, format: .share)
        return StageOutputs(
            metrics: [
                MetricDescription(
                    "loss", title: "loss", text: "Mean training loss.", unit: MetricUnit(name: "cross-entropy"),
                    direction: .lowerIsBetter, of: .round, chart: "Training loss"),
                MetricDescription(
                    "heldOutError", resultName: "reconstructionError", title: "held-out error",
                    text: "Mean error on held-out samples.", unit: loss, direction: .lowerIsBetter, of: .weights,
                    decides: true, baseline: "meanError", ratio: "of the mean's error", chart: "Held-out error"),
                MetricDescription(
                    "meanError", title: "error of the mean", text: "Error of predicting the mean.", unit: loss,
                    of: .weights, chart: "Held-out error", line: "predicting the mean"),
                MetricDescription(
                    "accuracy", title: "accuracy", text: "Share of the classes that are predicted.",
                    direction: .higherIsBetter, lowest: 0, highest: 1, of: .weights, format: .share),
                MetricDescription(
                    "deadUnits", title: "dead units", text: "Units of the code that are never active.",
                    unit: MetricUnit(name: "units"), lowest: 0, of: .weights, chart: "Dead units", phrase: "dead",
                    format: .count),
                error,
            ],
            tables: [
                TableDescription(
                    "confusion", title: "Confusion matrix", rows: "label", columns: "prediction", error: error)
            ],
            series: [
                SeriesDescription(
                    "losses", resultName: "epochLosses", title: "loss", axis: "epoch", unit: loss,
                    chart: "Learning curves")
            ], isCollected: true, text: "a classifier on top")
    }()

    /// Every case of an operation.
    private static let graph: Graph = {
        let image = ImageShape(height: 4, width: 4, channels: 1)
        var graph = Graph(
            inputs: [.init(field: "x", shape: [4, 4, 1])],
            parameters: [.weight("w", [2, 3], hasUnitRows: true), .bias("b", 3)])
        graph.parameters[0].stream = .max
        let operations: [RunProtocol.Operation] = [
            .linear(.dense(shape: [3], isTransposed: true), activation: .tanh),
            .linear(.convolution(channels: 2, kernel: 3, stride: 2), activation: .linear),
            .linear(.transposedConvolution(image: image, kernel: 3, stride: 2), activation: .relu),
            .linear(.upsampledConvolution(image: image, kernel: 3, factor: 2), activation: .sigmoid),
            .maxPool(window: 2), .upsample(factor: 2, height: 3, width: 3), .concatenate, .activate(.tanh),
            .corrupt(.none, stream: 0), .corrupt(.masking(probability: 0.3), stream: 1),
            .corrupt(.gaussian(standardDeviation: 0.1), stream: 2),
            .corrupt(.saltAndPepper(probability: 0.3), stream: .max), .shift(most: 2, stream: 7), .sparsify(.none),
            .sparsify(.topK(count: 2)), .sparsify(.winnerTakeAll(share: 0.05)),
        ]
        for operation in operations { graph.append("node", operation, of: [0], parameters: [0, 1]) }
        return graph
    }()

    private static let fields = FieldSet(
        count: 10,
        fields: [
            Field("samples", digest, .values(size: 4, divisor: 255)), Field("labels", digest, .classes(count: 2)),
        ])
    private static let cut = Cut(graph: graph, weights: digest)
    private static let adam = OptimizerSettings.adam(learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8)
    private static let sgd = OptimizerSettings.sgd(learningRate: 0.01, momentum: 0.9)

    /// With as few settings as there can be.
    private static func training(_ objective: Objective, _ optimizer: OptimizerSettings) -> TrainWork {
        TrainWork(
            graph: graph, objective: objective,
            settings: TrainingSettings(epochs: 1, batchSize: 128, optimizer: optimizer, rates: [0.01, nil]),
            start: nil, data: fields, returned: .change, seed: 0)
    }

    private static let reconstructing: TrainWork = {
        let penalty = Objective.Penalty(value: 1, weight: 0.1, warmUp: 0.5)
        var work = training(
            Objective(.reconstruction(.binaryCrossEntropy, target: 0), of: 2, penalty: penalty), adam)
        work.start = TrainWork.Start(digest, count: 2)
        (work.round, work.rounds, work.seed) = (1, 8, .max)
        work.settings.samplesAtOnce = 8
        work.settings.schedule = LearningRateSchedule(decayStart: 0.5)
        work.settings.weightDecay = 0.01
        work.settings.precision = .bfloat16
        work.settings.revival = TrainingSettings.Revival(value: 1, weight: 0, bias: 1, reader: 0)
        work.settings.activity = 1
        return work
    }()

    private static let cutOff: TrainWork = {
        var work = training(Objective(.reconstruction(.meanSquaredError, target: 0), of: 2), sgd)
        work.cut = cut
        work.start = TrainWork.Start(digest, count: 1)
        work.settings.precision = .auto
        work.settings.revival = TrainingSettings.Revival(value: 1, weight: 0, bias: 1, reader: nil)
        return work
    }()

    private static let selfTraining: TrainWork = {
        var work = training(Objective(.crossEntropy(field: "labels", weights: .list([1, 2.5])), of: 2), adam)
        work.unlabeled = [fields, fields]
        work.returned = .weights
        work.settings.schedule = LearningRateSchedule(warmUp: 0.1, decay: .cosine, decayStart: 0.2)
        work.settings.maxNorm = 3
        work.settings.tellsEpochs = true
        work.settings.validationPerClass = 2
        work.settings.pseudoLabels = PseudoLabels(shards: 1)
        return work
    }()

    private static func tuning(_ weights: ClassWeights) -> TrainWork {
        training(Objective(.crossEntropy(field: "labels", weights: weights), of: 2), adam)
    }

    private static func evaluation(
        cut: Cut? = nil, samplesAtOnce: Int? = nil, _ measures: EvaluateWork.Measure...
    ) -> Work {
        .evaluate(
            EvaluateWork(
                graph: graph, cut: cut, weights: digest, data: fields, samplesAtOnce: samplesAtOnce,
                measures: measures))
    }

    /// Every kind of work, and every case within it.
    static let work: [Work] = [
        .train(reconstructing), .train(cutOff), .train(selfTraining), .train(tuning(.equal)),
        .train(tuning(.balanced)),
        evaluation(
            cut: cut, samplesAtOnce: 8, .reconstruction(.meanSquaredError, output: 2, target: 0),
            .activity(value: 1, kept: false), .activity(value: 1, kept: true)),
        evaluation(.reconstruction(.binaryCrossEntropy, output: 2, target: 0)),
        evaluation(.confusion(output: 2, field: "labels")), evaluation(.accuracy(output: 2, field: "labels")),
        .encode(EncodeWork(graph: graph, weights: digest, data: fields)),
        .fit(FitWork(.statistics, of: graph, weights: digest, over: [fields])),
    ]

    /// What a page draws: a convolution and a dense layer.
    static let network: Graph = {
        var graph = Graph(
            inputs: [.init(field: "samples", shape: [28, 28, 1])],
            parameters: [
                .weight("encoder.0.weight", [8, 1, 3, 3]), .bias("encoder.0.bias", 8),
                .weight("encoder.1.weight", [14 * 14 * 8, 64]), .bias("encoder.1.bias", 64),
            ])
        let below = graph.append(
            "layer 1", .linear(.convolution(channels: 8, kernel: 3, stride: 2), activation: .relu), of: [0],
            parameters: [0, 1])
        graph.append(
            "layer 2", .linear(.dense(shape: [64], isTransposed: false), activation: .linear), of: [below],
            parameters: [2, 3])
        return graph
    }()
}
