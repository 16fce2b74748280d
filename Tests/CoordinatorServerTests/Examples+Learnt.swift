import RunProtocol

/// What those who watch are told.
extension Examples {
    static let epoch: UInt32 = 7
    /// What is written by others, and must reach a page as it is, which must not take it for its own.
    static let markup = "</script><script>alert('1')</script>\u{2028}\r\n\ndata: \"x\" &amp; \u{1F600}"
    static let plan = "name: digits # <script>\u{2028}\n"
    static let picture: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 255, 128]
    static let metrics = "# TYPE cairn_runs gauge\ncairn_runs{state=\"running\"} 1\n"
    static let coordinator = CoordinatorStatus(version: "1.0.0", startedAt: 1_700_000_000)

    static let named: RunStatus = {
        var run = newRun
        run.name = markup
        return run
    }()

    static let workerStatus: WorkerStatus = {
        var record = WorkerRecord()
        record.tasksDone = 5
        record.samplesPerSecond = 1_000.5
        record.gigaflops = 20.25
        return WorkerStatus(
            worker: worker, registration: registration, state: .quarantined, joinedAt: 1_700_000_001,
            secondsSinceHeard: 0.5, tasks: [task], quarantine: "three answers in a row were refused", record: record)
    }()

    static let span = TaskSpan(
        number: 3, task: task, worker: worker, isBackup: true, leasedAt: 1, computingAt: 2, sendingAt: 3, endedAt: 4,
        share: 1, outcome: .refused, reason: "it is not finite")

    /// With every field.
    static let everything = LiveUpdate(
        cursor: LiveCursor(epoch: epoch, change: 1), isWhole: true, time: 1_700_000_000.5,
        coordinator: CoordinatorStatus(version: "1.0.0", startedAt: 1_700_000_000, pause: "the disk is full"),
        runs: [status, named], workers: [workerStatus], forgotten: [worker], run: changes)

    private static let changes: RunChanges = {
        var changes = RunChanges(
            id: run,
            network: NetworkDrawing(network, stages: [[0], [1, 2]]),
            rounds: [StageRound(stage: 0, record: RoundRecord(round: 1, samples: 5, seconds: 1.5, bytes: 400))],
            spans: [span], entries: [RunJournal.Entry(number: 1, time: 1e9, text: markup, reason: "it was open")],
            results: status.results, pictures: digest, classNames: ["cat", markup])
        changes.outputs = [everyOutput]
        changes.views = [
            ViewDescription("filters", .picture, title: "Filters", text: markup, stages: [0, 1], needsSamples: false),
            ViewDescription("codes", .map, title: "Map of codes", text: "Codes of samples."),
            ViewDescription("mistakes", .mistakes, title: "Mistakes", text: "Samples with a wrong prediction."),
        ]
        changes.spansSince = 1_700_000_000
        changes.starts = [1_700_000_000.5]
        return changes
    }()

    /// With as few as there can be.
    static func update(_ change: Int, nameLength: Int = 0) -> LiveUpdate {
        var run = newRun
        run.name = String(repeating: "x", count: nameLength)
        return LiveUpdate(
            cursor: LiveCursor(epoch: epoch, change: change), isWhole: false, time: 1_700_000_001,
            coordinator: coordinator, runs: nameLength > 0 ? [run] : [],
            run: RunChanges(
                id: run.id,
                spans: [TaskSpan(number: 4, task: task, worker: worker, isBackup: false, leasedAt: 5)]))
    }

    static let codes = CodeMap(
        stage: 1, points: [.init(x: 0.5, y: -1.5, label: 3), .init(x: 0, y: 2, label: nil)], variance: [0.5, 0.25],
        classNames: ["cat", markup])
    static let mistakes = Mistakes(
        mistakes: [.init(sample: 17, label: 4, answer: 9, confidence: 0.75)], columns: 8, hasPicture: true,
        classNames: ["cat", markup])
}
