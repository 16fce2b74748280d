import Coordination
import RunProtocol

extension RunStatus {
    /// A run's status, from its facts and their history.
    /// - Parameters:
    ///   - workers: how many there are for it.
    ///   - progress: how far it is; nil before its data are cut.
    ///   - wait: why nobody works on it, where that is so.
    ///   - trouble: what keeps those who work on it, where something does.
    ///   - pause: why the run cannot go on, where that is so.
    ///   - pauses: how often that has changed.
    init(
        _ run: RunState, _ history: RunHistory, progress: RunProgress?, workers: Int, tasksInProgress: Int,
        wait: String?, trouble: String?, pause: String?, pauses: Int
    ) {
        var (state, reason) = Self.state(of: run.phase)
        if let pause, !state.isFinal {
            (state, reason) = (.paused, pause)
        } else if let wait {
            (state, reason) = (.waiting, wait)
        } else if let trouble, !state.isFinal {
            reason = trouble
        }
        var stages = history.stages
        if stages.indices.contains(run.stage), !run.phase.isFinal {
            stages[run.stage].round = min(run.round, stages[run.stage].rounds)
            stages[run.stage].tasks = run.opening == nil ? 0 : run.taskCount
            stages[run.stage].tasksDone = run.completions.count
        }
        self.init(
            id: run.id, name: run.plan.name, state: state, reason: reason, revision: history.revision + pauses,
            planHash: run.manifest?.planHash, submittedAt: history.submittedAt, finishedAt: history.finishedAt,
            stages: stages, workers: workers, tasksInProgress: tasksInProgress,
            samplesPerSecond: history.samplesPerSecond, results: history.results, exports: run.exports)
        show(progress)
        classNames = results.isEmpty ? nil : run.compiled?.classNames
        if !history.remarks.isEmpty { remarks = history.remarks }
    }

    private mutating func show(_ known: RunProgress?) {
        guard let known, known.stages.count == stages.count else { return }
        progress = state == .finished ? 1 : known.run.progress
        // How long it waits for a worker or for room on a disk is not known.
        let isMoving = state == .running
        secondsLeft = isMoving ? known.run.secondsLeft : nil
        for (index, part) in known.stages.enumerated() {
            stages[index].progress = part.progress
            stages[index].secondsLeft = isMoving ? part.secondsLeft : nil
        }
    }

    /// The same with what goes up and down by itself in steps that people would notice.
    var rounded: RunStatus {
        var rounded = self
        rounded.progress = progress.map { ($0 * 100).rounded(.down) }
        rounded.secondsLeft = nil
        for stage in stages.indices {
            rounded.stages[stage].progress = stages[stage].progress.map { ($0 * 100).rounded(.down) }
            rounded.stages[stage].secondsLeft = nil
        }
        return rounded
    }

    /// Without rounds, results and what they are: a list of many long runs would be too large for a message.
    var brief: RunStatus {
        var brief = self
        brief.results = []
        brief.classNames = nil
        for stage in brief.stages.indices { (brief.stages[stage].history, brief.stages[stage].outputs) = ([], nil) }
        return brief
    }

    private static func state(of phase: RunState.Phase) -> (State, String?) {
        switch phase {
        case .preparing: (.preparing, nil)
        case .running: (.running, nil)
        case .finished: (.finished, nil)
        case .failed(let reason): (.failed, reason)
        case .cancelled: (.cancelled, "somebody cancelled it")
        }
    }
}
