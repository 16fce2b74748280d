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

    static let (pretrained, fineTuned) = (
        ExportDescription.Part(rawValue: "pretrained")!, ExportDescription.Part(rawValue: "fine-tuned")!
    )

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
        exports: [ExportDescription(part: fineTuned, digest: digest, bytes: 1_000)], classNames: ["cat", "dog"])

    static let stage = StageStatus(
        name: "layer 1", state: .finished, round: 2, rounds: 8, tasksDone: 3, tasks: 3, startedAt: 1, finishedAt: 2,
        history: [
            RoundRecord(round: 0, metrics: ["heldOutError": 0.5]),
            RoundRecord(
                round: 1, samples: 100,
                metrics: ["loss": 0.25, "heldOutError": 0.25, "activeShare": 0.1, "deadUnits": 3],
                seconds: 1.5),
        ], note: "the error stopped falling")
}
