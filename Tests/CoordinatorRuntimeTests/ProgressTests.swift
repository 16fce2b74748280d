import CoordinatorRuntime
import Testing

/// How far a run is and how long it goes on, as a function of its rounds.
@Suite struct ProgressTests {
    /// A run that is played: what is told at each moment, and the truth.
    private struct Moment {
        let progress: RunProgress
        let time: Double
    }

    /// - Parameters:
    ///   - stages: operations of a round, its true seconds, rounds.
    ///   - firstExtra: how much longer a stage's first round takes.
    private func play(
        _ stages: [(operations: Double, seconds: Double, rounds: Int)], firstExtra: Double = 0
    ) -> (moments: [Moment], end: Double) {
        var known = stages.map { RunProgress.Stage(cost: StageCost(round: $0.operations), rounds: $0.rounds) }
        var (moments, time): ([Moment], Double) = ([], 0)
        for (index, stage) in stages.enumerated() {
            for round in 0..<stage.rounds {
                let seconds = stage.seconds * (round == 0 ? 1 + firstExtra : 1)
                for step in 0..<10 {
                    known[index].elapsed = seconds * Double(step) / 10
                    known[index].share = Double(step) / 10
                    moments.append(Moment(progress: RunProgress(known), time: time + seconds * Double(step) / 10))
                }
                time += seconds
                known[index].closed.append(RunProgress.Round(seconds: seconds))
            }
            known[index].elapsed = nil
            known[index].isFinished = true
        }
        moments.append(Moment(progress: RunProgress(known), time: time))
        return (moments, time)
    }

    @Test func steadyRoundsAreForetoldToTheSecond() {
        let (moments, end) = play([(1e9, 10, 5), (2e9, 20, 5), (4e9, 40, 1)])
        for moment in moments.dropFirst(10) {
            #expect(abs((moment.progress.run.secondsLeft ?? -1) - (end - moment.time)) < 1e-6)
            #expect(abs(moment.progress.run.progress - moment.time / end) < 1e-9)
        }
    }

    /// After the first round of a stage its time left is right within a quarter, whatever the stages before cost.
    @Test(arguments: [0, 0.2]) func aStageIsForetoldAfterItsFirstRound(firstExtra: Double) {
        let stages = [(1e9, 10.0, 6), (1e9, 35.0, 6), (8e9, 12.0, 6)] as [(Double, Double, Int)]
        let (moments, _) = play(stages.map { ($0.0, $0.1, $0.2) }, firstExtra: firstExtra)
        for (index, stage) in stages.enumerated() {
            let ofStage = moments.dropFirst(60 * index + 10).prefix(50)
            for (place, moment) in ofStage.enumerated() {
                let truth = stage.1 * (5 - Double(place) / 10)
                let told = moment.progress.stages[index].secondsLeft ?? -1
                #expect(abs(told - truth) <= 0.25 * truth + 1e-9, "stage \(index), \(place): \(told), not \(truth)")
            }
        }
    }

    @Test func theTimeLeftCountsDownWithinARound() {
        let (moments, _) = play([(1e9, 10, 4)])
        let told = moments.dropFirst(10).compactMap(\.progress.run.secondsLeft)
        #expect(zip(told, told.dropFirst()).allSatisfy { $0 > $1 })
        let shares = moments.map(\.progress.run.progress)
        #expect(zip(shares, shares.dropFirst()).allSatisfy { $0 < $1 })
        #expect(shares.last == 1)
    }

    @Test func aRunHasNeverLessLeftThanItsStages() {
        let (moments, _) = play([(1e9, 10, 3), (5e9, 20, 3)])
        for moment in moments {
            let stages = moment.progress.stages.compactMap(\.secondsLeft)
            guard let run = moment.progress.run.secondsLeft else { continue }
            #expect(stages.allSatisfy { $0 <= run + 1e-9 })
        }
    }

    @Test func aRoundThatTakesLongerIsNotOverBeforeItEnds() {
        var stage = RunProgress.Stage(cost: StageCost(round: 1), rounds: 3)
        stage.closed = [RunProgress.Round(seconds: 10)]
        stage.elapsed = 30
        stage.share = 0.3
        let left = RunProgress([stage]).stages[0].secondsLeft ?? 0
        // Of this round 70 % are left, at its own pace and at the former one's; then one more.
        #expect(left > 15 && left < 80)
        stage.share = 0
        #expect(RunProgress([stage]).stages[0].secondsLeft ?? 0 >= 10)
    }

    @Test func withoutRoundsOperationsSayHowFarItIs() {
        var first = RunProgress.Stage(cost: StageCost(round: 3e9), rounds: 1)
        let second = RunProgress.Stage(cost: StageCost(round: 1e9), rounds: 1)
        #expect(RunProgress([first, second]).run == RunProgress.Part(progress: 0, secondsLeft: nil))
        first.elapsed = 0
        first.share = 0.5
        #expect(RunProgress([first, second]).run.progress == 0.375)
        #expect(RunProgress([]).run.progress == 0)
    }

    @Test func aStageThatEndsEarlyIsDone() {
        var first = RunProgress.Stage(cost: StageCost(round: 1e9), rounds: 100)
        first.closed = [RunProgress.Round(seconds: 10), RunProgress.Round(seconds: 10)]
        first.isFinished = true
        var second = RunProgress.Stage(cost: StageCost(round: 1e9), rounds: 2)
        second.elapsed = 0
        let progress = RunProgress([first, second])
        #expect(progress.stages[0] == RunProgress.Part(progress: 1, secondsLeft: 0))
        #expect(progress.run.secondsLeft == 20)
        #expect(progress.run.progress == 0.5)
    }
}
