import RunProtocol
import Testing

/// A run with something of everything.
enum ExampleRun {
    /// Those of an autoencoder's rounds, of a classifier's trials, and of their test.
    static let outputs: [StageOutputs] = {
        func measured(
            _ name: String, _ title: String, decides: Bool = false, _ format: MetricDescription.Format = .number
        ) -> MetricDescription {
            MetricDescription(name, title: title, text: title, of: .weights, decides: decides, format: format)
        }
        let loss = MetricDescription("loss", title: "loss", text: "Loss.", direction: .lowerIsBetter, of: .round)
        let error = MetricDescription(
            "testError", column: "error", title: "test error", text: "Share of errors.", direction: .lowerIsBetter,
            lowest: 0, highest: 1, of: .trial, format: .share)
        return [
            StageOutputs(metrics: [
                loss, measured("heldOutError", "held-out error", decides: true),
                measured("meanError", "error of the mean"), measured("activeShare", "active share", .share),
                measured("deadUnits", "dead units", .count), measured("keptShare", "kept share", .share),
                measured("unusedUnits", "unused units", .count),
            ]),
            StageOutputs(
                metrics: [loss],
                series: [
                    SeriesDescription(
                        "losses", resultName: "epochLosses", title: "loss", axis: "epoch", chart: "Learning curves")
                ], isCollected: true),
            StageOutputs(
                tables: [
                    TableDescription(
                        "confusion", title: "Confusion matrix", rows: "label", columns: "prediction", error: error)
                ], isCollected: true, trains: false),
        ]
    }()

    static func status() throws -> RunStatus {
        var status = RunStatus(
            id: try #require(RunID(rawValue: "run-1a2b3c4d")), name: "an example, \"quoted\"", state: .finished,
            revision: 9, submittedAt: 1_700_000_000.25)
        status.stages = [
            StageStatus(
                name: "layer 1", state: .finished, round: 2, rounds: 2, tasksDone: 3, tasks: 3,
                startedAt: 1_700_000_010,
                history: [
                    RoundRecord(round: 0, metrics: ["heldOutError": 100.5, "meanError": 90.5]),
                    RoundRecord(
                        round: 1, samples: 3_000,
                        metrics: [
                            "loss": 60.25, "heldOutError": 40.125, "meanError": 90.5, "activeShare": 0.5,
                            "deadUnits": 3, "keptShare": 0.25, "unusedUnits": 4,
                        ], seconds: 1.5, bytes: 123_456),
                    RoundRecord(round: 2, samples: 3_000, metrics: ["loss": 30], seconds: 2),
                ]),
            StageStatus(name: "fine-tuning", state: .finished, round: 1, rounds: 1, tasksDone: 2, tasks: 2),
            StageStatus(name: "evaluation", state: .finished, round: 1, rounds: 1, tasksDone: 2, tasks: 2),
        ]
        for (index, outputs) in outputs.enumerated() { status.stages[index].outputs = outputs }
        status.results = [
            curve(0, pretrained: true, [2, 1.5]), curve(0, pretrained: false, [2.5]),
            TrialResult(
                stage: 2, Trial(0, group: "pretrained", isPretrained: true, labels: 20), samples: 8,
                values: NamedValues(tables: ["confusion": [[3, 1], [0, 4]]])),
        ]
        return status
    }

    /// A fine-tuning's result.
    static func curve(_ trial: Int, pretrained: Bool, _ losses: [Double]) -> TrialResult {
        TrialResult(
            stage: 1,
            Trial(trial, group: pretrained ? "pretrained" : "from scratch", isPretrained: pretrained, labels: 20),
            samples: 40, values: NamedValues(series: ["losses": losses]))
    }
}
