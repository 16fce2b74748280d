package import Coordination
package import RunProtocol

/// Made-up workers and made-up answers to tasks: all that a cluster needs of data and training to decide.
package enum Example {
    package static func digest(_ text: String) -> Digest { Digest(of: Array(text.utf8)) }

    package static func registration(
        host: String = "here", processID: Int = 1, instructionSet: String = "any", slots: Int = 1
    ) -> WorkerRegistration {
        WorkerRegistration(
            host: host, processID: processID, nonce: "", slots: slots, version: "1", instructionSet: instructionSet)
    }

    /// The answer to a task: a function of the task alone.
    /// - Parameter mistake: empty, or what a worker has made of it.
    package static func completion(
        _ task: TaskDescription, error: Double? = nil, mistake: String = ""
    ) -> TaskCompletion? {
        var figures = TaskFigures(samples: 20, metrics: ["loss": 1])
        for (name, values) in task.work.expectation.metrics where values.isRequired {
            let value = error ?? 10 / Double(task.id.round + task.id.stage)
            figures.metrics[name] = min(max(value, values.lowest), values.highest)
        }
        let text = (task.work.inputs.map(\.hex) + [task.id.description, mistake]).joined(separator: " ")
        return TaskCompletion(task: task.id, update: digest(text), figures: figures, bits: digest("bits of " + text))
    }

    /// What comes of a step: a function of the run's facts alone, as in the coordinator.
    /// - Parameter manifest: of its data.
    package static func outcome(of step: RunState.Step, _ state: RunState, _ manifest: DataManifest) -> RunEvent {
        let facts = state.completions.sorted { $0.key < $1.key }.map(\.value.update.hex).joined()
        switch step {
        case .prepareData: return .dataPrepared(manifest)
        case .openStage(let stage):
            let weights = state.stages[stage].starts.indices.map { digest("start \(stage) \($0)") }
            let frozen = state.stages[stage].frozen.map { _ in digest("stack " + ended(state)) }
            return .stageOpened(StageOpening(stage: stage, frozen: frozen, weights: weights))
        case .average:
            return .roundClosed(
                RoundClosing(
                    stage: state.stage, round: state.round, weights: digest(facts), momentum: nil))
        case .export:
            let results = state.collected.sorted { $0.key < $1.key }.map { "\($0.value.count)" }
            let digest = digest(ended(state) + results.joined(separator: " "))
            return .finished(
                exports: (state.compiled?.exports ?? []).map {
                    ExportDescription(part: $0.part, digest: digest, bytes: 1)
                })
        case .finishStage, .waitForTasks: return .failed(reason: "a step that needs no work was asked for")
        }
    }

    /// The weights of the stages that have ended, in their order.
    private static func ended(_ state: RunState) -> String {
        state.stageWeights.sorted { $0.key < $1.key }.map(\.value.hex).joined()
    }

    /// The facts of a run in which nothing goes wrong.
    package static func undisturbed(_ scenario: Scenario, _ run: RunID) -> [RunEvent] {
        var cluster = Cluster(compiler: scenario.compiler)
        var events: [RunEvent] = []
        var todo = cluster.runSubmitted(run, plan: scenario.plan)
        let now = Instant(milliseconds: 0)
        guard let worker = WorkerID(rawValue: "steady") else { return [] }
        cluster.workerRegistered(worker, registration(), now: now)
        while true {
            for decision in todo {
                if case .record(let event, _) = decision.action { events.append(event) }
            }
            let steps = todo.compactMap { if case .perform(let step, _) = $0.action { step } else { nil } }
            if let step = steps.first, let state = cluster.run(run) {
                todo = cluster.stepFinished(outcome(of: step, state, scenario.manifest), of: run)
            } else if let grant = cluster.leaseRequested(by: worker, now: now), let answer = completion(grant.task) {
                todo = cluster.updateReceived(answer, from: worker, now: now).1
            } else {
                return events
            }
        }
    }
}
