import RunProtocol

/// What those who watch are told.
extension MadeUpCluster {
    /// - Returns: whether there is something to tell to who was told everything before.
    func isNew(_ cursor: LiveCursor?) -> Bool { cursor?.epoch != epoch || cursor?.change != change }

    /// Every run, with its histories and results, in the order in which they were submitted.
    var statuses: [RunStatus] {
        var status = main.value
        for stage in status.stages.indices {
            status.stages[stage].history = rounds.lazy.map(\.value).filter { $0.stage == stage }.map(\.record)
        }
        status.results = Self.results
        return others + [status]
    }

    func update(of run: RunID?, after cursor: LiveCursor?) -> LiveUpdate {
        let isWhole = cursor?.epoch != epoch
        let known = isWhole ? -1 : cursor?.change ?? -1
        func news<Value>(_ values: [Changing<Value>]) -> [Value] { values.filter { $0.change > known }.map(\.value) }
        var update = LiveUpdate(
            cursor: LiveCursor(epoch: epoch, change: change), isWhole: isWhole, time: Self.now, coordinator: coordinator
        )
        update.runs = (isWhole ? others : []) + news([main])
        update.workers = news(workers)
        guard let run else { return update }
        guard run == main.value.id else {
            update.run = RunChanges(id: run)
            return update
        }
        update.run = RunChanges(
            id: run, stack: isWhole ? Self.stack : nil, rounds: news(rounds), spans: news(spans),
            entries: news(entries), results: isWhole ? Self.results : nil, curves: isWhole ? Self.curves : nil,
            pictures: Digest(of: [1]))
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
        if number % 97 == 96 {
            worker.state = .quarantined
            worker.quarantine = "three of its answers in a row were refused"
        }
        return worker
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

    static func mainRun(_ rounds: [Int], name: String) -> RunStatus {
        var stages = rounds.enumerated().map { index, rounds in
            StageStatus(name: "layer \(index + 1)", state: .waiting, round: 0, rounds: rounds, tasksDone: 3, tasks: 8)
        }
        stages += ["fine-tuning", "evaluation"].map {
            StageStatus(name: $0, state: .waiting, round: 0, rounds: 1, tasksDone: 0, tasks: 10)
        }
        return RunStatus(
            id: run("run-parade"), name: name, state: .running, revision: 1, submittedAt: now - 7_200, stages: stages)
    }

    private static let stack = [
        StackLayer(
            input: [28, 28, 1], output: [14, 14, 32], activation: .relu, kernel: 5, stages: [0]),
        StackLayer(input: [14, 14, 32], output: [500], activation: .relu, kernel: nil, stages: [1]),
        StackLayer(input: [500], output: [200], activation: .sigmoid, kernel: nil, stages: [2]),
    ]

    private static let results = (0..<3).flatMap { draw in
        [true, false].map { pretrained in
            EvaluationResult(
                draw: draw, pretrained: pretrained, labels: 100,
                confusion: (0..<10).map { label in
                    (0..<10).map { $0 == label ? (pretrained ? 950 : 850) : (label * 7 + $0 * 3 + draw) % 12 }
                })
        }
    }

    private static let curves = (0..<3).flatMap { draw in
        [true, false].map { pretrained in
            LearningCurve(
                draw: draw, pretrained: pretrained,
                losses: (0..<200).map { 2.3 / (1 + Double($0) * (pretrained ? 0.2 : 0.1)) })
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
