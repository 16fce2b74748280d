import RandomNumbers
package import RunProtocol

extension RunState {
    /// All that a worker must know for task `index` of the round in progress.
    ///
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
}
