import RandomNumbers
package import RunProtocol

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

    /// All that a worker must know for task `index` of the round in progress.
    /// - Returns: nil while the stage is not open, or there is no such task.
    package func describeTask(_ index: Int) -> TaskDescription? {
        guard let current, let opening, (0..<taskCount).contains(index) else { return nil }
        let context = TaskContext(
            round: round, seed: seed(ofTask: index), frozen: opening.frozen,
            weights: weights.map { [$0] } ?? opening.weights)
        let work = isMeasurement(index) ? current.measurement(context) : current.work(ofTask: index, context)
        return work.map { TaskDescription(id: taskID(index), title: current.title(ofTask: index), work: $0) }
    }

    /// Which of the stage's sample sets task `index` of the round in progress reads, as `SampleHolders` counts them: tasks
    /// take them in turn, round after round, and what is measured comes after them. Nil where a stage has none.
    func sampleSet(ofTask index: Int) -> Int? {
        guard let current, current.sampleSetCount > 0, (0..<taskCount).contains(index) else { return nil }
        return isMeasurement(index) ? current.sampleSetCount : current.sampleSet(ofTask: index, round: round)
    }

    /// The tasks of the round in progress that read these sets, in their order.
    func tasks(onSets sets: Set<Int>) -> [Int] {
        guard !sets.isEmpty, let current, current.sampleSetCount > 0 else { return [] }
        let (count, first) = (current.sampleSetCount, current.sampleSet(ofTask: 0, round: round))
        let end = taskCount - (current.isMeasured ? 1 : 0)
        return sets.flatMap { set in
            set < count
                ? Array(stride(from: (set - first + count) % count, to: end, by: count))
                : current.isMeasured ? [taskCount - 1] : []
        }.sorted()
    }

    /// Whether two workers must agree about task `index` of the round in progress: the seed picks the share that is.
    package func isVerified(_ index: Int) -> Bool {
        guard let share = plan.verify else { return false }
        let drawn = Seed.derive(from: plan.seed, current?.seedKey ?? 0, UInt64(round), UInt64(index), 1)
        return drawn >> 11 < UInt64(share * 0x1p53)
    }

    private func seed(ofTask index: Int) -> UInt64 {
        Seed.derive(from: plan.seed, current?.seedKey ?? 0, UInt64(round), UInt64(index))
    }

    /// The blobs without which the run could not go on, or its results not be had and looked at: all others may be deleted.
    package var neededBlobs: Set<Digest> {
        var needed = Set(exports.map(\.digest) + stageWeights.values)
        if phase == .finished { needed.formUnion(compiled?.unseenBlobs ?? []) }
        guard !phase.isFinal else { return needed }
        needed.formUnion(manifest?.blobs ?? [])
        needed.formUnion([opening?.frozen, weights, momentum].compactMap { $0 })
        needed.formUnion(opening?.weights ?? [])
        needed.formUnion(completions.values.map(\.update) + collected.values.joined().map(\.update))
        needed.formUnion(witnesses.values.joined().map(\.completion.update))
        // Early stopping may go back to the weights of any round before.
        if case .average(_, _?) = current?.reduction { needed.formUnion(measurements.map(\.weights)) }
        return needed
    }
}
