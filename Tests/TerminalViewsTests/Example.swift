import RunProtocol
import TerminalViews

/// A run in the midst of its second layer, and five workers of every kind.
enum Example {
    static func worker(
        _ host: String, _ state: WorkerStatus.State, tasks: Int = 0, gigaflops: Double? = nil, failed: Int = 0,
        quarantine: String? = nil
    ) throws -> WorkerStatus {
        guard let id = WorkerID(rawValue: "w-\(host.unicodeScalars.count)"), let run = RunID(rawValue: "run-01234567")
        else {
            throw ExampleError()
        }
        var record = WorkerRecord()
        record.tasksDone = 1_234
        record.tasksFailed = failed
        record.samplesPerSecond = gigaflops.map { $0 * 100 }
        record.gigaflops = gigaflops
        return WorkerStatus(
            worker: id,
            registration: WorkerRegistration(
                host: host, processID: 7, slots: 4, version: "0.1.0", instructionSet: "AVX2"), state: state,
            secondsSinceHeard: 3, tasks: (0..<tasks).map { TaskID(run: run, stage: 1, round: 4, index: $0) },
            quarantine: quarantine, record: record)
    }

    static func workers() throws -> [WorkerStatus] {
        [
            try worker("alpha", .working, tasks: 2, gigaflops: 55),
            try worker("beta", .working, tasks: 3, gigaflops: 12),
            try worker("gamma\u{1B}[2J", .quarantined, gigaflops: 50, quarantine: "its answers differ"),
            try worker("日本", .lost),
            try worker("epsilon", .idle, gigaflops: 60, failed: 1),
        ]
    }

    /// Those of an autoencoder's rounds.
    static func outputs(unit: MetricUnit?) -> StageOutputs {
        StageOutputs(metrics: [
            MetricDescription(
                "loss", title: "loss", text: "Mean training loss.", unit: unit, direction: .lowerIsBetter, of: .round,
                chart: "Training loss"),
            MetricDescription(
                "heldOutError", title: "held-out error", text: "Mean error on held-out samples.", unit: unit,
                direction: .lowerIsBetter, of: .weights, decides: true, baseline: "meanError",
                ratio: "of the mean's error", chart: "Held-out error"),
            MetricDescription(
                "meanError", title: "error of the mean", text: "Error of the mean.", unit: unit, of: .weights,
                chart: "Held-out error", line: "predicting the mean"),
            MetricDescription(
                "activeShare", title: "active share", text: "Share of active units.", lowest: 0, highest: 1,
                of: .weights, chart: "Active share of the code", phrase: "active", format: .share),
            MetricDescription(
                "deadUnits", title: "dead units", text: "Units that are never active.",
                unit: MetricUnit(name: "units"), lowest: 0, of: .weights, chart: "Dead units", phrase: "dead",
                format: .count),
        ])
    }

    static func run(name: String = "digits") throws -> RunStatus {
        guard let id = RunID(rawValue: "run-01234567") else { throw ExampleError() }
        func history(_ rounds: Int) -> [RoundRecord] {
            (0...rounds).map { round in
                var record = RoundRecord(
                    round: round, samples: 1_000,
                    metrics: ["heldOutError": 150 / Double(round + 1), "activeShare": 0.31, "deadUnits": 2],
                    seconds: round == 0 ? nil : 12)
                if round > 0 { record.metrics["loss"] = 100 / Double(round) }
                return record
            }
        }
        var stages = [
            StageStatus(
                name: "layer 1", state: .finished, round: 10, rounds: 10, tasksDone: 8, tasks: 8, startedAt: 110,
                finishedAt: 230, history: history(10), note: "the held-out error fell no more"),
            StageStatus(
                name: "layer 2", state: .running, round: 6, rounds: 10, tasksDone: 3, tasks: 8, startedAt: 230,
                history: history(5)),
            StageStatus(name: "fine-tuning", state: .waiting, round: 0, rounds: 1, tasksDone: 0, tasks: 0),
        ]
        for stage in 0...1 { stages[stage].outputs = outputs(unit: nil) }
        (stages[1].progress, stages[1].secondsLeft) = (0.5375, 55.8)
        var run = RunStatus(
            id: id, name: name, state: .running, revision: 3, submittedAt: 100, stages: stages, workers: 3,
            tasksInProgress: 5, samplesPerSecond: 12_345.6, secondsLeft: 754)
        run.progress = 0.7321
        run.diskBytes = 123_456_789
        return run
    }
}

struct ExampleError: Error {}

extension [Line] {
    /// What stands on the screen, without colours.
    var shown: String { map { $0.text(isColoured: false) }.joined(separator: "\n") }
}
