/// How much of a run is done, and how long it goes on: the one definition that page, terminal and metrics show.
///
/// A round to come is taken to compute as long as the stage's last ones did; the rounds that read something for the first
/// time also fetch and encode it. Where a stage has closed none, its cost says how long that takes, at the speed of all
/// that was measured. Stages that may end early are taken to use all their rounds.
package struct RunProgress: Hashable, Sendable {
    package struct Round: Hashable, Sendable {
        package var seconds: Double
        /// Of these, how many went by with fetching and encoding what its tasks read.
        package var preparation: Double

        package init(seconds: Double, preparation: Double = 0) {
            self.seconds = seconds
            self.preparation = min(preparation, seconds)
        }
    }

    package struct Stage: Hashable, Sendable {
        package var cost: StageCost
        package var rounds: Int
        package var closed: [Round] = []
        package var isFinished = false
        /// Since the open round began, in seconds; nil where the stage has none.
        package var elapsed: Double?
        /// How much of the open round's work is done, 0 ... 1.
        package var share = 0.0

        package init(cost: StageCost, rounds: Int) { (self.cost, self.rounds) = (cost, rounds) }
    }

    package struct Part: Hashable, Sendable {
        /// 0 ... 1.
        package var progress: Double
        /// Nil while nothing is known.
        package var secondsLeft: Double?

        package init(progress: Double, secondsLeft: Double?) {
            (self.progress, self.secondsLeft) = (progress, secondsLeft)
        }
    }

    package let stages: [Part]
    package let run: Part

    package init(_ stages: [Stage]) {
        let speed = Self.secondsPerOperation(stages)
        var (parts, spent, left): ([Part], Double, Double?) = ([], 0, 0)
        for stage in stages {
            let (stageSpent, stageLeft) = stage.times(secondsPerOperation: speed)
            spent += stageSpent
            left = left.flatMap { sum in stageLeft.map { sum + $0 } }
            parts.append(
                Part(progress: Self.progress(of: stage, spent: stageSpent, left: stageLeft), secondsLeft: stageLeft))
        }
        self.stages = parts
        let operations = stages.map { $0.cost.round * Double(max($0.rounds, 1)) + $0.cost.encoding }
        let all = operations.reduce(0, +)
        let byOperations = zip(operations, parts).reduce(0) { $0 + $1.0 * $1.1.progress } / max(all, 1)
        let byTime = left.map { spent + $0 > 0 ? spent / (spent + $0) : 0 }
        run = Part(
            progress: stages.allSatisfy(\.isFinished) && !stages.isEmpty ? 1 : min(byTime ?? byOperations, 1),
            secondsLeft: left)
    }

    /// By all stages of which rounds are closed; before that, by what the first round says of itself.
    private static func secondsPerOperation(_ stages: [Stage]) -> Double? {
        let closed = stages.filter { !$0.closed.isEmpty }
        let measured = (closed.isEmpty ? stages : closed).compactMap { stage in
            (stage.measuredComputing ?? stage.pace(preparation: 0)).map { (seconds: $0, operations: stage.cost.round) }
        }
        let operations = measured.reduce(0) { $0 + $1.operations }
        return operations > 0 ? measured.reduce(0) { $0 + $1.seconds } / operations : nil
    }

    private static func progress(of stage: Stage, spent: Double, left: Double?) -> Double {
        guard !stage.isFinished else { return 1 }
        guard stage.elapsed != nil || !stage.closed.isEmpty else { return 0 }
        if let left, spent + left > 0 { return min(spent / (spent + left), 1) }
        return min((Double(stage.closed.count) + stage.share) / Double(max(stage.rounds, 1)), 1)
    }
}

extension RunProgress.Stage {
    /// So many of a stage's last rounds say how long the next ones take.
    private static let memory = 5
    /// A round counts as done when it is closed: before that there is averaging.
    private static let mostOfARound = 0.99

    private var shareDone: Double { min(max(share, 0), Self.mostOfARound) }

    /// How long a round takes without what it fetches and encodes, by the last ones; nil where none is closed.
    fileprivate var measuredComputing: Double? {
        closed.suffix(Self.memory).map { $0.seconds - $0.preparation }.median
    }

    /// Which part of the open round's preparation is over, 0 ... 1: each of a slot's tasks begins with its own.
    private var shareOfPreparation: Double {
        share > 0 ? 1 / Double(cost.turns) + (1 - 1 / Double(cost.turns)) * shareDone : 0
    }

    /// How long the open round computes at its own pace; nil while that says little.
    fileprivate func pace(preparation: Double) -> Double? {
        let spent = (elapsed ?? 0) - preparation * shareOfPreparation
        return shareDone > 0.05 && spent > 0 ? spent / shareDone : nil
    }

    fileprivate func times(secondsPerOperation speed: Double?) -> (spent: Double, left: Double?) {
        let spent = closed.reduce(0) { $0 + $1.seconds } + (elapsed ?? 0)
        guard !isFinished else { return (spent, 0) }
        let first =
            closed.prefix(cost.firstRounds).map(\.preparation).median
            ?? speed.map { $0 * cost.encoding / Double(cost.firstRounds) } ?? 0
        let later = closed.dropFirst(cost.firstRounds).suffix(Self.memory).map(\.preparation).median ?? 0
        func preparation(ofRound index: Int) -> Double { index < cost.firstRounds ? first : later }

        let current = preparation(ofRound: closed.count)
        let expected = measuredComputing ?? speed.map { $0 * cost.round }
        let pace = pace(preparation: current)
        guard let usual = expected ?? pace else { return (spent, nil) }
        // What the open round says of itself counts the more, the more of it is done.
        let computing = shareDone * (pace ?? usual) + (1 - shareDone) * usual

        let begun = closed.count + (elapsed == nil ? 0 : 1)
        let toCome = (begun..<max(begun, rounds)).reduce(0) { $0 + usual + preparation(ofRound: $1) }
        return (spent, toCome + secondsLeftOfRound(preparation: current, computing: computing))
    }

    private func secondsLeftOfRound(preparation: Double, computing: Double) -> Double {
        guard let elapsed else { return 0 }
        guard share > 0 else { return max(0, preparation - elapsed) + max(computing, elapsed - preparation) }
        return preparation * (1 - shareOfPreparation) + computing * (1 - shareDone)
    }
}

extension Collection<Double> {
    /// Of an even number the greater one in the middle; nil where there is none.
    fileprivate var median: Double? { isEmpty ? nil : sorted()[count / 2] }
}
