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
                stage: 0, trial: 0, group: "pretrained", pretrained: true, labels: 20, samples: 20,
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
        outputs.metrics = StageOutputs.kinds.flatMap { $0.metrics + $0.trialMetrics }
        outputs.tables = StageOutputs.kinds.flatMap(\.tables)
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

    static let decoders = DecoderConstraint.allCases.map { DecoderSpec(constraint: $0, activation: .relu) }

    /// Every kind of work, and every case within it.
    static let work: [Work] = [
        .pretrain(
            PretrainWork(
                network: network, layer: 0, decoders: decoders,
                settings: settings(.masking(probability: 0.3), adam, LearningRateSchedule(decayStart: 0.5), .mean),
                frozen: nil,
                start: digest, samples: samples, round: 1, seed: .max)),
        .pretrain(
            PretrainWork(
                network: network, layer: 0, decoders: decoders,
                settings: settings(
                    .none, .sgd(learningRate: 0.01, momentum: 0.9), .constant,
                    .nesterov(learningRate: 1, momentum: 0.5),
                    stopping: EarlyStopping(patience: 3, minimumImprovement: 0.001), sparsity: .topK(count: 2)),
                frozen: digest, start: digest,
                samples: samples, round: 1, seed: 0)),
        .measureReconstruction(
            ReconstructionWork(
                network: network, layer: 0, decoders: decoders,
                settings: settings(.gaussian(standardDeviation: 0.1), adam, .constant, .mean),
                frozen: digest, weights: digest, samples: samples)),
        .pretrain(
            PretrainWork(
                network: network, layer: 0, decoders: decoders,
                settings: settings(
                    .saltAndPepper(probability: 0.3), adam, .constant, .mean, sparsity: .winnerTakeAll(share: 0.05)),
                frozen: nil, start: digest, samples: samples, round: 1, seed: 1)),
        .fineTune(
            FineTuneWork(
                network: network, classes: 2, settings: selfTraining, start: digest, samples: samples, labels: digest,
                unlabeled: [samples, samples], seed: 5)),
        .fineTune(
            FineTuneWork(
                network: network, classes: 10, settings: fineTuning, start: nil, samples: samples, labels: digest,
                seed: 5)),
        .classify(ClassifyWork(network: network, classes: 10, weights: digest, samples: samples, labels: digest)),
    ]
}
