import CoordinatorRuntime
import EventFiles
import Foundation
import PrometheusMetrics
import RunProtocol
import TerminalViews
import Testing

/// What a stage describes is shown everywhere, whatever it is: here by a kind of stage that the program does not have.
@Suite struct NewMetricTests {
    private static let overlap: MetricDescription = {
        var metric = MetricDescription("meanOverlap", title: "mean overlap", text: "Overlap of masks.", of: .weights)
        (metric.direction, metric.decides, metric.format) = (.higherIsBetter, true, .share)
        (metric.lowest, metric.highest, metric.chart) = (0, 1, "Overlap")
        (metric.baseline, metric.ratio) = ("emptyOverlap", "of the empty mask's overlap")
        return metric
    }()

    /// A run with a stage of masks, and one whose results stand each for itself: in two tables, a curve and a number.
    private static func status() throws -> RunStatus {
        var run = RunStatus(
            id: try #require(RunID(rawValue: "run-1")), name: "masks", state: .running, revision: 1, submittedAt: 100)
        run.stages = ["masks", "search"].map {
            StageStatus(name: $0, state: .finished, round: 1, rounds: 1, tasksDone: 1, tasks: 1)
        }
        var masks = StageOutputs(isCollected: false)
        let empty = MetricDescription("emptyOverlap", title: "empty mask", text: "Of no mask.", of: .weights)
        masks.metrics = [overlap, empty]
        run.stages[0].outputs = masks
        run.stages[0].history = [0.25, 0.75].enumerated().map { round, value in
            RoundRecord(round: round, samples: 9, metrics: ["meanOverlap": value, "emptyOverlap": 0.5], seconds: 2)
        }
        var search = StageOutputs(isCollected: true, trains: false)
        let recall = MetricDescription("recall", title: "recall", text: "Share that is found.", of: .trial)
        search.metrics = [recall]
        let misses = MetricDescription("missRate", title: "miss rate", text: "Share that is missed.", of: .trial)
        search.tables = [
            TableDescription("hits", title: "Hits", rows: "query", columns: "answer", error: misses),
            TableDescription("ranks", title: "Ranks", rows: "query", columns: "rank"),
        ]
        search.series = [SeriesDescription("precision", title: "precision", axis: "answers", chart: "Precision")]
        run.stages[1].outputs = search
        run.results = [
            TrialResult(
                stage: 1, Trial(0, group: "by codes", isPretrained: true, labels: 0), samples: 8,
                values: NamedValues(
                    metrics: ["recall": 0.5], series: ["precision": [1, 0.5]],
                    tables: ["hits": [[3, 1], [1, 3]], "ranks": [[1, 2, 5]]]))
        ]
        return run
    }

    @Test func itIsInTheTableAndTheEventFile() throws {
        let run = try Self.status()
        #expect(
            RunTable.csv(run) == """
                stage,round,samples,mean_overlap,empty_overlap,precision,seconds,samples_per_second,bytes,draw,\
                pretrained,labels,miss_rate,recall,error
                masks,0,,0.25,0.5,,2.0,4.5,,,,,,,
                masks,1,9,0.75,0.5,,2.0,4.5,,,,,,,
                search,1,,,,1.0,,,,0,true,,,,
                search,2,,,,0.5,,,,0,true,,,,
                search,,8,,,,,,,0,true,0,0.25,0.5,

                """)
        let text = String(decoding: EventFile(run).bytes, as: UTF8.self)
        for tag in [
            "masks/mean overlap", "masks/empty mask", "search/precision, by codes, draw 0", "search/recall, by codes",
            "search/miss rate, by codes",
        ] { #expect(text.contains(tag), "\(tag)") }
    }

    @Test func prometheusIsToldOfIt() throws {
        var figures = CoordinatorFigures(version: "1", outputs: [])
        figures.runs = [try Self.status()]
        let text = PrometheusText.render(figures.families)
        for line in [
            "# HELP cairn_run_mean_overlap Overlap of masks.",
            "cairn_run_mean_overlap{run=\"run-1\",stage=\"masks\"} 0.75",
            "cairn_run_recall{run=\"run-1\",start=\"pretrained\"} 0.5",
            "cairn_run_miss_rate{run=\"run-1\",start=\"pretrained\"} 0.25", "cairn_run_samples_total{run=\"run-1\"} 18",
        ] { #expect(text.contains(line + "\n"), "\(line)") }
    }

    @Test func theTerminalShowsIt() throws {
        let size = ScreenSize(columns: 120, rows: 50)
        let screen = WatchScreen(try Self.status(), workers: [], time: 200).lines(in: size)
        let text = screen.map { $0.text(isColoured: false) }.joined(separator: "\n")
        for part in ["masks: mean overlap  75 %", "1.500 of the empty mask's overlap"] {
            #expect(text.contains(part), "\(text)")
        }
    }

    /// The page draws what the live update describes: `PageFunctionsTests` has it drawn.
    @Test func itIsInThePagesData() throws {
        let run = try Self.status()
        var changes = RunChanges(id: run.id, results: run.results)
        changes.outputs = run.stages.compactMap(\.outputs)
        changes.rounds = run.stages[0].history.map { StageRound(stage: 0, record: $0) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(changes), as: UTF8.self)
        for part in [
            #""record":{"emptyOverlap":0.5,"meanOverlap":0.75,"round":1,"samples":9,"seconds":2}"#,
            #""precision":[1,0.5]"#, #""ranks":[[1,2,5]]"#, #""recall":0.5"#, #""direction":"higherIsBetter""#,
        ] { #expect(text.contains(part), "\(text)") }
        #expect(try JSONDecoder().decode(RunChanges.self, from: Data(text.utf8)) == changes)
    }
}
