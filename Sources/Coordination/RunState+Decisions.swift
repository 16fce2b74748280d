import RunProtocol

extension RunState {
    /// What a run needs done next, apart from its tasks.
    package enum Step: Hashable, Sendable {
        case prepareData
        /// Make the blobs that the stage starts from; ends with `stageOpened`.
        case openStage(Int)
        /// Add up the round's updates; ends with `roundClosed`.
        case average
        /// Nothing has to be computed for it: record `stageFinished`.
        case finishStage(StageEnding)
        /// Write the exports; ends with `finished`.
        case export
        /// Tasks have to be answered first.
        case waitForTasks
    }

    /// What has to be done next, and why: a function of the facts alone, so that it is the same after a restart.
    package var nextStep: (step: Step, reason: String)? {
        guard !phase.isFinal else { return nil }
        guard phase == .running else { return (.prepareData, "the run is new") }
        guard let current else { return (.export, "every stage has ended") }
        guard opening != nil else { return (.openStage(stage), "stage \(stage) is next") }
        guard openTasks.isEmpty else { return (.waitForTasks, "\(openTasks.count) of \(taskCount) tasks are open") }
        guard case .average(_, let stopping) = current.reduction else {
            return (.finishStage(StageEnding(stage: stage, weights: nil, note: nil)), "all its tasks are done")
        }
        return stepAfterRound(of: current.rounds, stopping)
    }

    private func stepAfterRound(of rounds: Int, _ stopping: EarlyStopping?) -> (step: Step, reason: String) {
        if let stopping, let note = reasonToStop(stopping) {
            return (.finishStage(StageEnding(stage: stage, weights: bestWeights, note: note)), note)
        }
        guard round > rounds else { return (.average, "all \(taskCount) tasks of round \(round) are done") }
        let kept = stopping == nil ? weights : bestWeights
        return (.finishStage(StageEnding(stage: stage, weights: kept, note: nil)), "round \(round - 1) was its last")
    }

    private var bestWeights: Digest? { measurements.min { $0.cost < $1.cost }?.weights }

    /// Counts the rounds since what is measured was last better by more than `minimumImprovement` of the best before.
    private func reasonToStop(_ stopping: EarlyStopping) -> String? {
        // Parts in a million, so that the comparison is one of whole numbers.
        let improvement = Int64((stopping.minimumImprovement * 1_000_000).rounded())
        guard var best = measurements.first?.cost else { return nil }
        var roundsWithout = 0
        for measurement in measurements.dropFirst() {
            let size = abs(best)
            let threshold = best - size / 1_000_000 * improvement - size % 1_000_000 * improvement / 1_000_000
            if measurement.cost < threshold {
                best = measurement.cost
                roundsWithout = 0
            } else {
                roundsWithout += 1
            }
        }
        guard roundsWithout >= stopping.patience, let metric = current?.outputs.primary else { return nil }
        let moved = metric.direction == .higherIsBetter ? "risen" : "fallen"
        return "the \(metric.title) has not \(moved) for \(roundsWithout) rounds"
    }
}
