/// How much of a run is done, and how long it goes on: the one definition that page, terminal and metrics show.
///
/// A round to come is taken to last as long as the stage's last ones did; where the stage has closed none, as long as its
/// operations take at the speed of the rounds before. Stages that may end early are taken to use all their rounds.
package struct RunProgress: Hashable, Sendable {
    package struct Stage: Hashable, Sendable {
        /// What a round costs: operations one after another, with the slots that there are.
        package var operations: Double
        package var rounds: Int
        /// Seconds of the rounds that are closed.
        package var closed: [Double] = []
        package var isFinished = false
        /// Since the open round began, in seconds; nil where the stage has none.
        package var elapsed: Double?
        /// How much of the open round's work is done, 0 ... 1.
        package var share = 0.0

        package init(operations: Double, rounds: Int) {
            self.operations = operations
            self.rounds = rounds
        }
    }

    package struct Part: Hashable, Sendable {
        /// 0 ... 1.
        package var progress: Double
        /// Nil while nothing is known.
        package var secondsLeft: Double?

        package init(progress: Double, secondsLeft: Double?) {
            self.progress = progress
            self.secondsLeft = secondsLeft
        }
    }

    package let stages: [Part]
    package let run: Part

    /// So many of a stage's last rounds say how long the next ones take.
    private static let memory = 5
    /// A round counts as done when it is closed: before that there is averaging.
    private static let mostOfARound = 0.99

    package init(_ stages: [Stage]) {
        let speed = Self.secondsPerOperation(stages)
        var (parts, spent, left): ([Part], Double, Double?) = ([], 0, 0)
        for stage in stages {
            let (stageSpent, stageLeft) = Self.times(of: stage, secondsPerOperation: speed)
            spent += stageSpent
            left = left.flatMap { sum in stageLeft.map { sum + $0 } }
            parts.append(
                Part(progress: Self.progress(of: stage, spent: stageSpent, left: stageLeft), secondsLeft: stageLeft))
        }
        self.stages = parts
        let operations = stages.map { $0.operations * Double(max($0.rounds, 1)) }
        let all = operations.reduce(0, +)
        let byOperations = zip(operations, parts).reduce(0) { $0 + $1.0 * $1.1.progress } / max(all, 1)
        let byTime = left.map { spent + $0 > 0 ? spent / (spent + $0) : 0 }
        run = Part(
            progress: stages.allSatisfy(\.isFinished) && !stages.isEmpty ? 1 : min(byTime ?? byOperations, 1),
            secondsLeft: left)
    }

    private static func secondsPerOperation(_ stages: [Stage]) -> Double? {
        // The last stage says most of what is to come.
        guard let last = stages.last(where: { !$0.closed.isEmpty && $0.operations > 0 }) else { return nil }
        return median(last.closed.suffix(memory)).map { $0 / last.operations }
    }

    private static func times(
        of stage: Stage, secondsPerOperation: Double?
    ) -> (spent: Double, left: Double?) {
        let closed = stage.closed.reduce(0, +)
        guard !stage.isFinished else { return (closed, 0) }
        let known = median(stage.closed.suffix(memory)) ?? secondsPerOperation.map { $0 * stage.operations }
        let share = min(max(stage.share, 0), mostOfARound)
        let elapsed = stage.elapsed ?? 0
        // What an open round says of itself counts the more, the more of it is done.
        let pace = share > 0.05 && elapsed > 0 ? elapsed / share : nil
        let open = known.map { known in pace.map { share * $0 + (1 - share) * known } ?? max(known, elapsed) } ?? pace
        guard let open else { return (closed + elapsed, nil) }
        let isOpen = stage.elapsed != nil
        let toCome = Double(max(0, stage.rounds - stage.closed.count - (isOpen ? 1 : 0)))
        return (closed + elapsed, (isOpen ? open * (1 - share) : 0) + toCome * (known ?? open))
    }

    private static func progress(of stage: Stage, spent: Double, left: Double?) -> Double {
        guard !stage.isFinished else { return 1 }
        guard stage.elapsed != nil || !stage.closed.isEmpty else { return 0 }
        if let left, spent + left > 0 { return min(spent / (spent + left), 1) }
        return min((Double(stage.closed.count) + stage.share) / Double(max(stage.rounds, 1)), 1)
    }

    private static func median(_ seconds: some Collection<Double>) -> Double? {
        seconds.isEmpty ? nil : seconds.sorted()[seconds.count / 2]
    }
}
