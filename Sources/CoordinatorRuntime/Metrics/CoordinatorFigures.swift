package import PrometheusMetrics
package import RunProtocol

/// A coordinator at one moment, as metrics.
package struct CoordinatorFigures: Sendable {
    /// Of more workers only the first by name have series of their own; all are counted.
    package static let listedWorkers = 2_000
    /// Of runs that have ended, the newest.
    package static let listedEnded = 20
    /// Of runs that go on, the newest.
    package static let listedRuns = 100

    package var version: String
    package var isPaused = false
    package var leases = 0
    /// Of the file system that the state folder is on.
    package var freeBytes: Double?
    /// Series that were not kept, because there were too many.
    package var refusedSeries = 0
    /// In the order in which they were submitted.
    package var runs: [RunStatus] = []
    /// How many facts of each run are written down.
    package var facts: [RunID: Int] = [:]
    package var workers: [WorkerStatus] = []
    /// What the results of all kinds of stages are.
    package var outputs: [StageOutputs]

    package init(version: String, outputs: [StageOutputs]) { (self.version, self.outputs) = (version, outputs) }

    /// The same families whatever the figures are; those that have nothing to say are without series.
    package var families: [MetricFamily] { ownFamilies + runFamilies + stageFamilies + workerFamilies }

    private var ownFamilies: [MetricFamily] {
        let states = Dictionary(grouping: runs, by: \.state).mapValues(\.count)
        let workerStates = Dictionary(grouping: workers, by: \.state).mapValues(\.count)
        let slots = workers.filter { $0.state != .lost }.reduce(0) { $0 + $1.registration.slots }
        return [
            family(
                "coordinator_info", .gauge, ["version"], "Always 1; the version is the program's.", [([version], 1)]),
            family(
                "coordinator_paused", .gauge, [],
                "Whether the coordinator takes no work, such as while its disk is full.",
                [([], isPaused ? 1 : 0)]),
            family(
                "disk_free_bytes", .gauge, [], "Room on the file system that the coordinator's state is on, in bytes.",
                [([], freeBytes)]),
            family("leases", .gauge, [], "Claims of workers on tasks.", [([], Double(leases))]),
            family("slots", .gauge, [], "Slots of all workers that are there.", [([], Double(slots))]),
            family(
                "metrics_refused_total", .counter, [], "Series that were left out because there were too many.",
                [([], Double(refusedSeries))]),
            family(
                "runs", .gauge, ["state"], "Runs in each state.",
                RunStatus.State.allCases.map { ([$0.rawValue], Double(states[$0] ?? 0)) }),
            family(
                "workers", .gauge, ["state"], "Workers in each state.",
                WorkerStatus.State.allCases.map { ([$0.rawValue], Double(workerStates[$0] ?? 0)) }),
        ]
    }

    // MARK: Runs

    /// Those that have series of their own.
    private var listed: [RunStatus] {
        runs.filter { !$0.state.isFinal }.suffix(Self.listedRuns)
            + runs.filter(\.state.isFinal).suffix(Self.listedEnded)
    }

    private var runFamilies: [MetricFamily] {
        func ofRuns(
            _ name: String, _ kind: FamilyDescription.Kind, _ help: String, _ figure: (RunStatus) -> Double?
        ) -> MetricFamily {
            family("run_" + name, kind, ["run"], help, listed.map { ([$0.id.rawValue], figure($0)) })
        }
        return [
            family(
                "run_info", .gauge, ["run", "name"], "Always 1; the name is the plan's.",
                listed.map { ([$0.id.rawValue, $0.name], 1) }),
            family(
                "run_state", .gauge, ["run", "state"], "1 for the state that the run is in, else 0.",
                listed.flatMap { run in
                    RunStatus.State.allCases.map { ([run.id.rawValue, $0.rawValue], run.state == $0 ? 1 : 0) }
                }),
            ofRuns("facts_total", .counter, "Facts of the run that are written down.") {
                facts[$0.id].map(Double.init)
            },
            ofRuns("samples_total", .counter, "Samples trained on, epochs counted each time.") { run in
                // A test has samples too.
                let trained = run.stages.filter { $0.outputs?.trains ?? true }.flatMap(\.history)
                return Double(trained.reduce(0) { $0 + $1.samples })
            },
            ofRuns("update_bytes_total", .counter, "Bytes of the answers that count.") { run in
                Double(run.stages.flatMap(\.history).reduce(0) { $0 + ($1.bytes ?? 0) })
            },
            ofRuns("samples_per_second", .gauge, "Speed of the last round, in samples a second.") {
                $0.state == .running ? $0.samplesPerSecond : nil
            },
            ofRuns("seconds_left", .gauge, "Estimate of how long the run goes on, in seconds.", \.secondsLeft),
            ofRuns("disk_bytes", .gauge, "What the coordinator's disk holds for the run, in bytes.") {
                $0.diskBytes.map(Double.init)
            },
            ofRuns("tasks_in_progress", .gauge, "Tasks of the run that workers have.") { Double($0.tasksInProgress) },
            ofRuns("submitted_seconds", .gauge, "When the run was submitted, in seconds since 1970.", \.submittedAt),
            ofRuns("finished_seconds", .gauge, "When the run ended, in seconds since 1970.", \.finishedAt),
        ]
    }

    private var stageFamilies: [MetricFamily] {
        let stages = listed.flatMap { run in run.stages.filter { $0.state != .waiting }.map { (run.id.rawValue, $0) } }
        func ofStages(_ name: String, _ help: String, _ figure: (StageStatus) -> Double?) -> MetricFamily {
            family(
                "run_" + name, .gauge, ["run", "stage"], help, stages.map { ([$0, $1.name], figure($1)) })
        }
        let ofAll = [
            ofStages("stage_round", "The round in progress, from 1.") { Double($0.round) },
            ofStages("stage_rounds", "Rounds that the stage has at most.") { Double($0.rounds) },
            ofStages("stage_tasks", "Tasks of the round in progress.") { Double($0.tasks) },
            ofStages("stage_tasks_done", "Tasks of the round in progress that are done.") { Double($0.tasksDone) },
        ]
        return ofAll
            + metrics.map { metric in
                guard metric.of == .trial else {
                    return ofStages(metric.name.snakeCase, metric.text) { $0.last(metric)?.metrics[metric.name] }
                }
                return family(
                    "run_" + metric.name.snakeCase, .gauge, ["run", "start"], metric.text,
                    listed.flatMap { run in run.means(of: metric).map { ([run.id.rawValue, $0], $1) } })
            }
    }

    /// Of the kinds of stages that there are, and of the listed runs' stages: each name once, none that is taken.
    private var metrics: [MetricDescription] {
        let outputs = outputs + listed.flatMap { $0.stages.compactMap(\.outputs) }
        var names = Set(runFamilies.map(\.description.name))
        return outputs.flatMap { $0.metrics.filter { $0.of != .trial } + $0.trialMetrics }.filter { metric in
            names.insert("cairn_run_" + metric.name.snakeCase).inserted
        }
    }

    // MARK: Workers

    private var workerFamilies: [MetricFamily] {
        let listed = workers.prefix(Self.listedWorkers)
        func ofWorkers(
            _ name: String, _ kind: FamilyDescription.Kind, _ help: String, _ figure: (WorkerStatus) -> Double?
        ) -> MetricFamily {
            family(
                "worker_" + name, kind, ["worker", "host"], help,
                listed.map { ([$0.worker.rawValue, $0.registration.host], figure($0)) })
        }
        return [
            family(
                "worker_tasks_total", .counter, ["worker", "host", "outcome"],
                "Tasks of the worker since it joined, by what came of them.",
                listed.flatMap { worker in
                    worker.record.outcomes.map { outcome, count in
                        ([worker.worker.rawValue, worker.registration.host, outcome.rawValue], Double(count))
                    }
                }),
            ofWorkers("samples_total", .counter, "Samples trained on since it joined, epochs counted each time.") {
                Double($0.record.samples)
            },
            ofWorkers(
                "samples_per_second", .gauge,
                "Speed of one slot in the worker's last training task, in samples a second.",
                \.record.samplesPerSecond),
            ofWorkers(
                "gigaflops", .gauge,
                "Floating-point operations of one slot in the worker's last training task, in 10^9 a second.",
                \.record.gigaflops),
            ofWorkers("tasks_in_progress", .gauge, "Tasks that the worker has.") { Double($0.tasks.count) },
            ofWorkers("slots", .gauge, "Tasks that the worker can have.") { Double($0.registration.slots) },
            ofWorkers("silent_seconds", .gauge, "Since the worker was heard last, in seconds.", \.secondsSinceHeard),
        ]
    }

    private func family(
        _ name: String, _ kind: FamilyDescription.Kind, _ labels: [String], _ help: String,
        _ values: [([String], Double?)]
    ) -> MetricFamily {
        MetricFamily(FamilyDescription("cairn_" + name, kind, labels, help), values)
    }
}

extension RunStatus {
    /// Means over trials, by what training started from.
    fileprivate func means(of metric: MetricDescription) -> [(start: String, mean: Double)] {
        let values = results.compactMap { result in value(of: metric, in: result).map { (result.start, $0) } }
        return TrialResult.starts.compactMap { start in
            let mine = values.filter { $0.0 == start }.map(\.1)
            return mine.isEmpty ? nil : (start, mine.reduce(0, +) / Double(mine.count))
        }
    }
}

extension WorkerRecord {
    fileprivate var outcomes: [(TaskSpan.Outcome, Int)] {
        [(.done, tasksDone), (.refused, tasksRefused), (.failed, tasksFailed), (.lost, tasksLost)]
    }
}
