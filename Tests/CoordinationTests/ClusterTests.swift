import Coordination
import PairClassifier
import RandomNumbers
import RunProtocol
import Simulation
import Testing

@Suite struct ClusterTests {
    @Test func aRunGoesThroughAllItsStages() throws {
        let shell = TestShell(Scenario.pairsPlan())
        shell.start()
        shell.runToTheEnd()
        let state = try #require(shell.cluster.run(shell.run))
        #expect(state.phase == .finished)
        #expect(state.stageWeights.count == 2)
        #expect(state.collected.mapValues(\.count) == [2: 4, 3: 4, 4: 1])
        // Two stages of three rounds with two replicas and a measurement, and a closing measurement; 4 + 4 + 1 tasks.
        let tasks = shell.recorded.count { if case .taskFinished = $0 { true } else { false } }
        #expect(tasks == 2 * (3 * 3 + 1) + 9)
    }

    @Test func withoutTrialsARunEndsWithTheAveragedWeights() {
        let shell = TestShell(Scenario.pairsPlan(trials: 0))
        shell.start()
        shell.runToTheEnd()
        #expect(shell.phase == .finished)
        #expect(shell.cluster.run(shell.run)?.collected.mapValues(\.count) == [2: 1, 3: 1])
    }

    @Test func tasksCarryWhatTheyDependOn() throws {
        let shell = TestShell(Scenario.pairsPlan())
        shell.start()
        let worker = shell.join("a")
        let measurement = try #require(shell.lease(worker))
        #expect(measurement.elementCount == 0)
        let first = try #require(shell.lease(worker))
        let second = try #require(shell.lease(worker))
        guard case .train(let one) = first.work, case .train(let two) = second.work else {
            Issue.record("what follows the measurement trains")
            return
        }
        #expect(one.data == Scenario.pairsShard(0))
        #expect(two.data == Scenario.pairsShard(1))
        #expect(one.seed != two.seed)
        #expect(one.start == two.start)
        #expect(first.elementCount == 3 * 4 + 2 * 4 + 4 + 4 * 2 + 2)
        #expect(shell.lease(worker) == nil)
    }

    @Test func answersCountOnceAndOnlyInTheirRound() throws {
        let shell = TestShell(Scenario.pairsPlan())
        shell.start()
        let worker = shell.join("a")
        let tasks = (0..<3).compactMap { _ in shell.lease(worker) }
        #expect(shell.answer(tasks[0]) == .accepted)
        #expect(shell.answer(tasks[0]) == .duplicate)
        #expect(shell.answer(tasks[1]) == .accepted)
        #expect(shell.answer(tasks[2]) == .accepted)
        #expect(shell.answer(tasks[1]) == .late)
        #expect(shell.cluster.run(shell.run)?.round == 2)
    }

    @Test func anExpiredLeaseGoesToAnotherWorker() throws {
        let shell = TestShell(Scenario.pairsPlan(replicas: 1))
        shell.start()
        let (lost, other) = (shell.join("lost"), shell.join("other"))
        let task = try #require(shell.lease(lost))
        let measurement = try #require(shell.lease(lost))
        #expect(shell.lease(other) == nil)
        shell.clock = shell.clock + 10_000
        #expect(shell.heartbeat(lost, [task.id]) == [])
        shell.clock = shell.clock + 10_000
        shell.perform(shell.cluster.timePassed(now: shell.clock))
        #expect(shell.lease(other)?.id == measurement.id)
        shell.clock = shell.clock + 10_000
        shell.perform(shell.cluster.timePassed(now: shell.clock))
        #expect(shell.lease(other)?.id == task.id)
        // The lost worker is back: it may go on, since whoever answers first will do.
        #expect(shell.heartbeat(lost, [task.id]) == [])
        let third = shell.join("third")
        #expect(shell.heartbeat(third, [task.id]) == [task.id])
        #expect(shell.answer(task, by: lost) == .accepted)
        #expect(shell.heartbeat(other, [task.id]) == [task.id])
    }

    @Test func aTaskThatKeepsFailingEndsTheRunWithItsReason() throws {
        let shell = TestShell(Scenario.pairsPlan())
        shell.start()
        let worker = shell.join("a")
        for _ in 0..<Limits.taskAttempts {
            #expect(shell.phase == .running)
            let task = try #require(shell.lease(worker))
            shell.perform(shell.cluster.taskReleased(task.id, by: worker, .failed("no memory")))
        }
        guard case .failed(let reason) = shell.phase else {
            Issue.record("the run goes on")
            return
        }
        #expect(shell.failure == .taskFailed)
        #expect(reason.contains("no memory") && reason.contains("5 times"))
        #expect(shell.lease(worker) == nil)
    }

    @Test func aTaskGivenBackIsOpenAgain() throws {
        let shell = TestShell(Scenario.pairsPlan())
        shell.start()
        let worker = shell.join("a")
        let task = try #require(shell.lease(worker))
        shell.perform(shell.cluster.taskReleased(task.id, by: worker, nil))
        #expect(shell.lease(worker) == task)
    }

    @Test func aCancelledRunGivesNoTasks() throws {
        let shell = TestShell(Scenario.pairsPlan())
        shell.start()
        let worker = shell.join("a")
        let task = try #require(shell.lease(worker))
        shell.perform(shell.cluster.cancelRequested(shell.run))
        #expect(shell.phase == .cancelled)
        #expect(shell.lease(worker) == nil)
        #expect(shell.heartbeat(worker, [task.id]) == [task.id])
        #expect(shell.answer(task) == .late)
    }

    @Test func earlyStoppingKeepsTheBestWeights() throws {
        let shell = TestShell(
            Scenario.pairsPlan(stages: 1, rounds: 20, patience: 2, improvement: 0.01, trials: 0))
        shell.start()
        let accuracies = [0.3, 0.5, 0.7, 0.702, 0.6, 1]
        var weights: [Digest] = []
        shell.runToTheEnd { task in
            guard case .evaluate(let work) = task.work, task.id.stage == 0 else { return nil }
            weights.append(work.weights)
            return accuracies[task.id.round - 1]
        }
        #expect(shell.phase == .finished)
        #expect(weights.count == 5)
        // 0.702 is no improvement by one in a hundred, but it is the largest.
        #expect(shell.cluster.run(shell.run)?.stageWeights == [0: weights[3]])
    }

    @Test func afterARestartTheRunGoesOnFromAnyFact() {
        let plan = Scenario.pairsPlan()
        let expected = Example.undisturbed(Scenario(pairs: plan), TestShell(plan).run)
        for kept in 0...expected.count {
            let shell = TestShell(plan)
            shell.start(events: Array(expected[0..<kept]))
            shell.runToTheEnd()
            // Which of a round's tasks comes first depends on what a worker had before.
            #expect(Set(shell.recorded) == Set(expected), "after \(kept) facts")
            #expect(shell.recorded.filter(\.isWeight) == expected.filter(\.isWeight), "after \(kept) facts")
        }
    }

    /// Workers come, vanish, answer twice, late and in any order; the coordinator restarts. The weights stay the same.
    @Test(arguments: 0..<200) func disorderChangesNoWeights(seed: Int) throws {
        let plan = Scenario.pairsPlan()
        var random = Philox(key: UInt64(seed), stream: 0)
        let shell = TestShell(plan)
        shell.start()
        var inHand: [TaskDescription] = []
        for step in 0..<20_000 where shell.phase == .running {
            shell.clock = shell.clock + Int64(random.next(below: 3_000))
            switch random.next(below: 20) {
            case 0: shell.start(events: shell.recorded)
            case 1: shell.perform(shell.cluster.timePassed(now: shell.clock))
            case 2...9:
                let worker = shell.join("w\(step % 3)")
                if let task = shell.lease(worker) { inHand.append(task) }
            case 10...16 where !inHand.isEmpty:
                let task = inHand[random.next(below: inHand.count)]
                _ = shell.answer(task)
            default: if !inHand.isEmpty { inHand.remove(at: random.next(below: inHand.count)) }
            }
            shell.perform(shell.cluster.timePassed(now: shell.clock))
        }
        #expect(shell.phase == .finished)
        let expected = Example.undisturbed(Scenario(pairs: plan), shell.run)
        #expect(shell.recorded.filter(\.isWeight) == expected.filter(\.isWeight))
    }
}
