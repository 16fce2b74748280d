import CoordinatorRuntime
import CoordinatorServer
import Foundation
import PairClassifier
import PrometheusMetrics
import RunProtocol
import TestSite
import Testing

/// What Prometheus is told of a coordinator.
@Suite(.timeLimit(.minutes(3))) struct MetricsTests {
    private func run(_ number: Int, _ state: RunStatus.State) throws -> RunStatus {
        RunStatus(
            id: try #require(RunID(rawValue: "run-\(number)")), name: "a \"name\"", state: state, revision: number,
            submittedAt: Double(number))
    }

    private func worker(_ number: Int, _ state: WorkerStatus.State) throws -> WorkerStatus {
        WorkerStatus(
            worker: try #require(WorkerID(rawValue: "worker-\(number)")),
            registration: WorkerRegistration(
                host: "host", processID: number, slots: 2, version: "1", instructionSet: "AVX2"),
            state: state, secondsSinceHeard: 0.5)
    }

    @Test func aRunIsCountedFromItsStartToItsEnd() async throws {
        let site = try Site()
        try await site.living(state: "counted") { coordinator in
            let status = try await coordinator.finish(coordinator.submit(site.submission).id)
            let lines = await coordinator.metrics().split(separator: "\n").map(String.init)
            let run = "run=\"\(status.id)\""
            let samples = status.stages.dropLast(2).flatMap(\.history).reduce(0) { $0 + $1.samples }
            for line in [
                "cairn_runs{state=\"finished\"} 1", "cairn_runs{state=\"running\"} 0",
                "cairn_run_state{\(run),state=\"finished\"} 1", "cairn_run_state{\(run),state=\"failed\"} 0",
                "cairn_run_accuracy{\(run),stage=\"training 1\"} \(1 - 0.5 / 3)",
                "cairn_run_loss{\(run),stage=\"training 1\"} 1",
                "cairn_run_stage_round{\(run),stage=\"training 1\"} 2", "cairn_run_samples_total{\(run)} \(samples)",
                "cairn_coordinator_paused 0", "cairn_store_writes_total{fact=\"roundClosed\"} 4",
                "cairn_store_writes_total{fact=\"failed\"} 0", "cairn_store_failures_total 0", "cairn_leases 0",
                "cairn_round_seconds_count 4", "cairn_metrics_refused_total 0",
            ] {
                #expect(lines.contains(line), "\(line)")
            }
            #expect(lines.contains { $0.hasPrefix("cairn_disk_free_bytes ") })
            #expect(lines.contains { $0.hasPrefix("process_resident_memory_bytes ") })
        }
    }

    @Test func everySeriesIsOfADescribedMetric() async throws {
        let site = try Site()
        let text = try await site.living(state: "described") { coordinator in
            _ = try await coordinator.finish(coordinator.submit(site.submission).id)
            return await coordinator.metrics()
        }
        let described = Dictionary(
            uniqueKeysWithValues: CoordinatorMetrics.descriptions(of: StageCompiler.pairs.outputs).map {
                ($0.name, $0.kind.rawValue)
            })
        for line in text.split(separator: "\n") where line.hasPrefix("# TYPE ") {
            let words = line.split(separator: " ").map(String.init)
            #expect(described[words[2]] == words[3], "\(line)")
        }
        for description in CoordinatorMetrics.descriptions(of: StageCompiler.pairs.outputs) {
            #expect(description.help.hasSuffix("."), "\(description.name)")
            #expect(description.name.hasSuffix("_total") == (description.kind == .counter), "\(description.name)")
        }
    }

    @Test func onlySomeRunsAndWorkersHaveSeriesOfTheirOwn() throws {
        var figures = CoordinatorFigures(version: "1", outputs: StageCompiler.pairs.outputs)
        figures.runs = try (0..<300).map { try run($0, $0 < 150 ? .failed : .running) }
        figures.workers = try (0..<2_100).map { try worker($0, .idle) }
        let text = PrometheusText.render(figures.families)
        func count(_ prefix: String) -> Int { text.split(separator: "\n").count { $0.hasPrefix(prefix) } }
        #expect(count("cairn_run_info{") == CoordinatorFigures.listedRuns + CoordinatorFigures.listedEnded)
        #expect(text.contains("cairn_run_info{run=\"run-149\",name=\"a \\\"name\\\"\"} 1\n"))
        #expect(text.contains("cairn_run_info{run=\"run-299\","))
        #expect(!text.contains("cairn_run_info{run=\"run-0\","))
        #expect(count("cairn_worker_slots{") == CoordinatorFigures.listedWorkers)
        // But all are counted.
        #expect(text.contains("cairn_runs{state=\"failed\"} 150\n"))
        #expect(text.contains("cairn_workers{state=\"idle\"} 2100\n"))
        #expect(text.contains("cairn_slots 4200\n"))
    }

    @Test func workersAndTestsAreKnownByTheirLabels() throws {
        var figures = CoordinatorFigures(version: "1", outputs: StageCompiler.pairs.outputs)
        var (first, second) = (try worker(1, .working), try worker(2, .lost))
        first.record.tasksDone = 3
        first.record.tasksRefused = 1
        first.record.samplesPerSecond = 1234.5
        second.record.samples = 7
        figures.workers = [first, second]
        var run = try run(1, .finished)
        run.stages = [StageStatus(name: "t", state: .finished, round: 1, rounds: 1, tasksDone: 2, tasks: 2)]
        run.stages[0].outputs = StageCompiler.pairs.outputs[2]
        run.results = [[[3, 1], [0, 4]], [[3, 1], [2, 2]]].enumerated().map { trial, table in
            TrialResult(
                stage: 0, Trial(trial, group: "pretrained", isPretrained: true, labels: 2), samples: 8,
                values: NamedValues(tables: ["confusion": table]))
        }
        run.finishedAt = 99
        figures.runs = [run]
        let lines = PrometheusText.render(figures.families).split(separator: "\n").map(String.init)
        for line in [
            "cairn_worker_tasks_total{worker=\"worker-1\",host=\"host\",outcome=\"done\"} 3",
            "cairn_worker_tasks_total{worker=\"worker-1\",host=\"host\",outcome=\"refused\"} 1",
            "cairn_worker_samples_per_second{worker=\"worker-1\",host=\"host\"} 1234.5",
            "cairn_worker_samples_total{worker=\"worker-2\",host=\"host\"} 7", "cairn_workers{state=\"lost\"} 1",
            "cairn_slots 2", "cairn_run_pair_error{run=\"run-1\",start=\"pretrained\"} 0.25",
            "cairn_run_finished_seconds{run=\"run-1\"} 99",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        // What is not known is not there.
        #expect(!lines.contains { $0.hasPrefix("cairn_run_pair_error{run=\"run-1\",start=\"scratch\"") })
        #expect(!lines.contains { $0.hasPrefix("cairn_worker_gigaflops") })
    }
}
