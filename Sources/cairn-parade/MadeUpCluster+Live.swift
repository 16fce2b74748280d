import Kinds
import RunProtocol

/// What those who watch are told.
extension MadeUpCluster {
    /// - Returns: whether there is something to tell to who was told everything before.
    func isNew(_ cursor: LiveCursor?) -> Bool { cursor?.epoch != epoch || cursor?.change != change }
    private var allRounds: [Changing<StageRound>] { rounds + (openRound.map { [$0] } ?? []) }

    /// Every run, with its histories and results, in the order in which they were submitted.
    var statuses: [RunStatus] {
        var status = main.value
        for stage in status.stages.indices {
            status.stages[stage].history = allRounds.map(\.value).filter { $0.stage == stage }.map(\.record)
            status.stages[stage].outputs = Self.outputs[stage]
        }
        status.results = Self.results
        return others + [status]
    }

    func update(of run: RunID?, after cursor: LiveCursor?) -> LiveUpdate {
        let isWhole = cursor?.epoch != epoch
        let known = isWhole ? -1 : cursor?.change ?? -1
        func news<Value>(_ values: [Changing<Value>]) -> [Value] { values.filter { $0.change > known }.map(\.value) }
        var update = LiveUpdate(
            cursor: LiveCursor(epoch: epoch, change: change), isWhole: isWhole, time: Self.now,
            coordinator: coordinator, runs: (isWhole ? others : []) + news([main]), workers: news(workers))
        guard let run else { return update }
        guard run == main.value.id else {
            update.run = RunChanges(id: run)
            return update
        }
        update.run = RunChanges(
            id: run, network: isWhole ? Self.network : nil, rounds: news(allRounds), spans: news(spans),
            entries: news(entries), results: isWhole ? Self.results : nil, pictures: Digest(of: [1]))
        if isWhole {
            update.run?.outputs = Self.outputs
            update.run?.views = ViewDescription.stacked(stages: [0, 1, 2], hasClassifier: true)
            let start = coordinator.startedAt
            update.run?.starts = [start - 3_000, start]
            update.run?.spansSince = start - 2 * Self.secondsSinceStart
        }
        return update
    }

    // MARK: What is there from the beginning

    static func worker(_ number: Int, host: String) -> WorkerStatus {
        let id = WorkerID(rawValue: "worker-\(number)") ?? Self.nobody
        var worker = WorkerStatus(
            worker: id,
            registration: WorkerRegistration(
                host: host, processID: 1_000 + number, slots: 1 + number % 8, version: "parade",
                instructionSet: number.isMultiple(of: 7) ? "avx512" : "avx2"),
            joinedAt: now - 3_600, secondsSinceHeard: 0)
        switch fate(of: number) {
        case .quarantined: worker.quarantine = "three of its answers in a row were refused"
        case .silent: worker.secondsSinceHeard = 40
        case .lost, .left: worker.secondsSinceHeard = 300
        case .idle, .working, .stalled: break
        }
        // A stalled one has a task first.
        worker.state = fate(of: number) == .stalled ? .idle : fate(of: number)
        if number % 50 == 25 { worker.trouble = "its result is refused on its way: 413, the body is too large" }
        return worker
    }

    /// What becomes of a worker: one of each among the first fifty, and so on.
    static func fate(of number: Int) -> WorkerStatus.State {
        switch number % 50 {
        case 20: .quarantined
        case 21: .stalled
        case 22: .silent
        case 23: .lost
        case 24: .left
        default: .idle
        }
    }

    private static let nobody = WorkerID(rawValue: "nobody").unsafelyUnwrapped

    private static func run(_ name: String) -> RunID {
        RunID(rawValue: name) ?? RunID(rawValue: "run").unsafelyUnwrapped
    }

    static func otherRun(_ number: Int, of count: Int) -> RunStatus {
        let start = now - Double(count - number) * 40_000
        return RunStatus(
            id: run("run-other-\(number)"), name: "an older run, number \(number)",
            state: [.finished, .failed, .cancelled][number % 3], reason: number % 3 == 1 ? "a task failed often" : nil,
            revision: 900, submittedAt: start, finishedAt: start + 30_000,
            stages: [
                StageStatus(name: "layer 1", state: .finished, round: 20, rounds: 20, tasksDone: 60, tasks: 60)
            ])
    }

    /// A run that nobody can work on.
    static func waitingRun() -> RunStatus {
        RunStatus(
            id: run("run-waiting"), name: "a run that waits", state: .waiting,
            reason: "its tasks take 9.1 GiB, and no worker has more than 8 GiB: start one with more memory",
            revision: 3, submittedAt: now - 600,
            stages: [StageStatus(name: "layer 1", state: .running, round: 1, rounds: 20, tasksDone: 0, tasks: 4)])
    }

    static func mainRun(_ rounds: [Int], name: String) -> RunStatus {
        var stages = rounds.enumerated().map { index, rounds in
            StageStatus(name: "layer \(index + 1)", state: .waiting, round: 0, rounds: rounds, tasksDone: 3, tasks: 8)
        }
        stages += ["fine-tuning", "evaluation"].map {
            StageStatus(name: $0, state: .waiting, round: 0, rounds: 1, tasksDone: 0, tasks: 10)
        }
        var status = RunStatus(
            id: run("run-parade"), name: name, state: .running, revision: 1, submittedAt: now - 7_200, stages: stages)
        status.remarks = [
            Remark(.unreadShards, "7 of 20 shards are never read: a stage has 3 rounds of 4 replicas"),
            Remark(.deadUnits, "12 of 32 units are active for no held-out sample", stage: 0),
        ]
        return status
    }

    private static let network: NetworkDrawing = {
        let image = ImageShape(height: 28, width: 28, channels: 1)
        let window = ConvolutionWindow(kernel: 5, stride: 2)
        let spec = NetworkSpec(
            inputSize: 784, image: image,
            layers: [
                LayerSpec(units: 32, activation: .relu, window: window), LayerSpec(units: 500, activation: .relu),
                LayerSpec(units: 200, activation: .sigmoid),
            ])
        return NetworkDrawing(spec.encoderGraph(layers: 0..<3), stages: [[0], [1], [2]])
    }()

    private static let outputs =
        [("binary cross-entropy", 784), ("squared error", 6_272), ("squared error", 500)].map {
            StageOutputs.autoencoder(unit: MetricUnit(name: $0, values: $1))
        } + [.fineTuning, .evaluation]

    private static let results =
        trials(stage: 3) { _, isPretrained in
            NamedValues(series: ["losses": (0..<200).map { 2.3 / (1 + Double($0) * (isPretrained ? 0.2 : 0.1)) }])
        }
        + trials(stage: 4) { trial, isPretrained in
            let table = (0..<10).map { label in
                (0..<10).map { $0 == label ? (isPretrained ? 950 : 850) : (label * 7 + $0 * 3 + trial) % 12 }
            }
            return NamedValues(tables: ["confusion": table])
        }

    private static func trials(
        stage: Int, _ values: (_ trial: Int, _ isPretrained: Bool) -> NamedValues
    ) -> [TrialResult] {
        (0..<3).flatMap { trial in
            [true, false].map { isPretrained in
                TrialResult(
                    stage: stage,
                    Trial(
                        trial, group: isPretrained ? "pretrained" : "from scratch", isPretrained: isPretrained,
                        labels: 100), samples: 10_000, values: values(trial, isPretrained))
            }
        }
    }

    static let codes = CodeMap(
        stage: 2,
        points: (0..<1_000).map { number in
            let label = number % 10
            let (a, b) = (Double(number % 83) / 83 - 0.5, Double(number % 61) / 61 - 0.5)
            return CodeMap.Point(x: Double(label % 4) + a, y: Double(label / 4) + b, label: label)
        }, variance: [0.21, 0.14])
}
