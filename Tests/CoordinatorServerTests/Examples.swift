import Kinds
import RunProtocol

/// Messages with every field, and with none that can be left out.
enum Examples {
    static let run = RunID(rawValue: "run-1a2b3c4d")!
    static let worker = WorkerID(rawValue: "w-1")!
    static let task = TaskID("run-1a2b3c4d.s0.r3.t1")!
    static let digest = Digest(of: [1, 2, 3])
    static let token = LeaseToken(worker: worker, code: (0..<32).map { $0 })
    static let claim = TaskClaim(worker: worker, token: token)
    static let registration = WorkerRegistration(
        host: "alpha", processID: 17, slots: 2, version: "1.0.0", instructionSet: "avx2")

    static let newRun = RunStatus(
        id: run, name: "digits", state: .preparing, revision: 0, submittedAt: 1_700_000_000.25)

    static let status: RunStatus = {
        var status = finished
        status.remarks = Remark.Kind.allCases.map { Remark($0, "a sentence") }
        status.stages[0].outputs = everyOutput
        return status
    }()

    private static let finished = RunStatus(
        id: run, name: "digits", state: .finished, reason: "its last stage is done", revision: 7, planHash: digest,
        submittedAt: 1_700_000_000.25, finishedAt: 1_700_000_100, stages: [stage], workers: 2, tasksInProgress: 1,
        samplesPerSecond: 9_437.5, secondsLeft: 12,
        results: [
            TrialResult(
                stage: 0, Trial(0, group: "pretrained", isPretrained: true, labels: 20), samples: 20,
                values: NamedValues(
                    metrics: ["share": 0.5], series: ["losses": [2.3, 0.5]], tables: ["confusion": [[9, 1], [0, 10]]]))
        ],
        exports: [ExportDescription(part: .fineTuned, digest: digest, bytes: 1_000)], classNames: ["cat", "dog"])

    static let stage = StageStatus(
        name: "layer 1", state: .finished, round: 2, rounds: 8, tasksDone: 3, tasks: 3, startedAt: 1, finishedAt: 2,
        history: [
            RoundRecord(round: 0, metrics: ["heldOutError": 0.5]),
            RoundRecord(
                round: 1, samples: 100,
                metrics: ["loss": 0.25, "heldOutError": 0.25, "activeShare": 0.1, "deadUnits": 3],
                seconds: 1.5),
        ], note: "the error stopped falling")

    static let everyOutput: StageOutputs = {
        var outputs = StageOutputs.fineTuning
        outputs.metrics = StageCompiler.standard.outputs.flatMap { $0.metrics + $0.trialMetrics }
        outputs.tables = StageCompiler.standard.outputs.flatMap(\.tables)
        return outputs
    }()

    static let network = NetworkSpec(
        inputSize: 4, image: ImageShape(height: 2, width: 2, channels: 1),
        layers: [
            LayerSpec(units: 2, activation: .relu, window: ConvolutionWindow(kernel: 3)),
            LayerSpec(units: 3, activation: .relu),
        ])
    static let samples = SampleSet(digest: digest, count: 10, size: 4, divisor: 255)

    static func settings(
        _ corruption: Corruption, _ optimizer: OptimizerSettings, _ schedule: LearningRateSchedule,
        _ outer: OuterOptimizer, stopping: EarlyStopping? = nil, sparsity: Sparsity = .none
    ) -> StageSettings {
        StageSettings(
            rounds: 8, replicas: 2, localEpochs: 1, batchSize: 128, loss: .binaryCrossEntropy,
            outputActivation: .sigmoid, corruption: corruption, l1: 0.1, decoder: .unitNorm, optimizer: optimizer,
            schedule: schedule, outer: outer, earlyStopping: stopping, sparsity: sparsity)
    }

    static let adam = OptimizerSettings.adam(learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8)
    static let fineTuning = FineTuningSettings(
        epochs: 10, batchSize: 32, optimizer: adam, encoderLearningRate: 0.0001, dropout: 0.5, inputDropout: 0.2,
        weightDecay: 0, compareFromScratch: true)

    static let selfTraining = FineTuningSettings(
        epochs: 10, batchSize: 32, optimizer: adam, encoderLearningRate: 0.0001,
        schedule: LearningRateSchedule(warmUp: 0.1, decay: .cosine, decayStart: 0.2), dropout: 0.5, inputDropout: 0.2,
        weightDecay: 0, compareFromScratch: true, layerRateDecay: 0.5, inputNoise: 0.1, maxNorm: 3,
        classWeights: .list([1, 2.5]), validationPerClass: 2, pseudoLabels: PseudoLabels(shards: 1))

    private static let decoder = DecoderSpec(constraint: .tied, activation: .relu)

    private static func stage(_ settings: StageSettings) -> AutoencoderStage {
        AutoencoderStage(layer: 0, decoders: [decoder], settings: settings)
    }

    private static let labeled = LabeledBlobs(samples: samples, labels: digest)

    /// Every case of an operation; it need not be possible.
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
            .corrupt(.saltAndPepper(probability: 0.3), stream: .max), .shift(most: 2, stream: 7),
            .sparsify(.winnerTakeAll(share: 0.05)),
        ]
        for operation in operations { graph.append("node", operation, of: [0], parameters: [0, 1]) }
        return graph
    }()

    /// Every kind of work, and every case within it.
    static let work: [Work] = [
        .train(
            stage(settings(.masking(probability: 0.3), adam, LearningRateSchedule(decayStart: 0.5), .mean)).training(
                of: network, frozen: nil, start: digest, on: samples, round: 1, seed: .max)),
        .train(
            stage(
                settings(.none, .sgd(learningRate: 0.01, momentum: 0.9), .constant, .mean, sparsity: .topK(count: 2))
            ).training(of: network, frozen: digest, start: digest, on: samples, round: 1, seed: 0)),
        .evaluate(
            stage(settings(.gaussian(standardDeviation: 0.1), adam, .constant, .mean)).measuring(
                of: network, frozen: digest, weights: digest, on: samples)),
        .train(
            selfTraining.training(
                of: network, classes: 2, stack: digest, on: labeled, unlabeled: [samples, samples], seed: 5)),
        .train(
            fineTuning.training(of: network, classes: 10, stack: nil, on: labeled, unlabeled: [], seed: 5)),
        .evaluate(network.testing(classes: 10, weights: digest, on: labeled)),
        .encode(EncodeWork(graph: graph, weights: digest, data: samples.fields)),
        .fit(FitWork(.statistics, of: graph, weights: digest, over: [samples.fields])),
    ]
}
