import Coordination
import PairClassifier
import RunProtocol
import Simulation
import Testing

/// Second workers for slow tasks, and workers that get no more.
@Suite struct LeasingTests {
    /// Plays one stage with workers of which each needs so many milliseconds a task.
    ///
    /// - Returns: how long each round took.
    private func roundTimes(_ milliseconds: [Int64], replicas: Int, rounds: Int = 12) -> [Int64] {
        let shell = TestShell(Scenario.pairsPlan(stages: 1, rounds: rounds, replicas: replicas, trials: 0))
        shell.start()
        let workers = milliseconds.indices.map { shell.join("w\($0)") }
        var busy: [Int: (task: TaskDescription, since: Int64)] = [:]
        var (ends, round): ([Int64], Int) = ([0], 1)
        while shell.cluster.run(shell.run)?.stage == 0 {
            for (index, worker) in workers.enumerated() {
                let now = shell.clock.milliseconds
                if let (task, since) = busy[index] {
                    let needed = task.elementCount == 0 ? milliseconds[index] / 20 : milliseconds[index]
                    if now - since >= needed {
                        _ = shell.answer(task, by: worker)
                        busy[index] = nil
                    } else if now % 3_000 == 0 {
                        let share = Double(now - since) / Double(needed)
                        if shell.heartbeat(worker, [task.id], share: share) != [] { busy[index] = nil }
                    }
                }
                if busy[index] == nil, let task = shell.lease(worker) { busy[index] = (task, now) }
            }
            if let run = shell.cluster.run(shell.run), run.round != round {
                ends.append(shell.clock.milliseconds)
                round = run.round
            }
            shell.clock = shell.clock + 100
            shell.perform(shell.cluster.timePassed(now: shell.clock))
        }
        return zip(ends, ends.dropFirst()).map { $1 - $0 }
    }

    @Test(arguments: [2, 3, 4, 6, 9]) func aSlowWorkerHoldsNobodyUp(replicas: Int) {
        let without = roundTimes([20_000, 20_000], replicas: replicas)
        let with = roundTimes([20_000, 20_000, 200_000], replicas: replicas)
        // From the second round on it is known how long a task takes.
        let (usual, slowed) = (without.dropFirst().reduce(0, +), with.dropFirst().reduce(0, +))
        #expect(Double(slowed) <= 1.3 * Double(usual), "\(with) instead of \(without)")
        #expect(with[0] <= 2 * without[0])
    }

    @Test func aTaskThatHangsIsGivenToAnotherWorker() throws {
        let shell = TestShell(Scenario.pairsPlan(stages: 1, replicas: 2, trials: 0))
        shell.start()
        let (good, hanging) = (shell.join("good"), shell.join("hanging"))
        let first = try #require(shell.lease(good))
        _ = shell.answer(first, by: good)
        let stuck = try #require(shell.lease(hanging))
        let task = try #require(shell.lease(good))
        shell.clock = shell.clock + 5_000
        _ = shell.heartbeat(hanging, [stuck.id])
        _ = shell.answer(task, by: good)
        #expect(shell.lease(good) == nil)
        // It is alive, but says nothing new for longer than the task takes.
        for _ in 0..<2 {
            shell.clock = shell.clock + 5_000
            #expect(shell.heartbeat(hanging, [stuck.id]) == [])
        }
        let grant = shell.cluster.leaseRequested(by: good, now: shell.clock)
        let granted = try #require(grant)
        #expect(granted.task.id == stuck.id)
        #expect(granted.reason.contains("hanging"))
        #expect(shell.answer(stuck, by: good) == .accepted)
        #expect(shell.heartbeat(hanging, [stuck.id]) == [stuck.id])
        #expect(shell.answer(stuck, by: hanging) == .late)
    }

    @Test(arguments: [Double.leastNonzeroMagnitude, 1e-300, 1e-9]) func aWorkerMaySpeakOfAnyShare(share: Double) throws
    {
        let shell = TestShell(Scenario.pairsPlan(stages: 1, replicas: 2, trials: 0))
        shell.start()
        let (good, slow) = (shell.join("good"), shell.join("slow"))
        _ = shell.answer(try #require(shell.lease(good)), by: good)
        let stuck = try #require(shell.lease(slow))
        let task = try #require(shell.lease(good))
        shell.clock = shell.clock + 5_000
        _ = shell.heartbeat(slow, [stuck.id], share: share)
        _ = shell.answer(task, by: good)
        #expect(shell.lease(good)?.id == stuck.id)
    }

    /// It is over before another worker hears that it is, and the next round would wait for that one.
    @Test func aShortTaskGetsNoSecondWorkerBeforeItsFirstCouldSayHowFarItIs() throws {
        let shell = TestShell(Scenario.pairsPlan(stages: 1, replicas: 2, trials: 0))
        shell.start()
        let (good, slow) = (shell.join("good"), shell.join("slow"))
        _ = shell.answer(try #require(shell.lease(good)), by: good)
        let stuck = try #require(shell.lease(slow))
        let task = try #require(shell.lease(good))
        shell.clock = shell.clock + 200
        _ = shell.answer(task, by: good)
        for _ in 0..<5 {
            shell.clock = shell.clock + 500
            #expect(shell.lease(good) == nil)
            #expect(shell.cluster.offer(now: shell.clock) == .nothing)
        }
        shell.clock = shell.clock + 500
        #expect(shell.cluster.offer(now: shell.clock) == .backups)
        #expect(shell.lease(good)?.id == stuck.id)
    }

    @Test(arguments: [1, 2, 5]) func aWorkerHasNoMoreTasksThanSlots(slots: Int) throws {
        let shell = TestShell(Scenario.pairsPlan(stages: 1, replicas: 9, trials: 0))
        shell.start()
        let worker = shell.join("worker", slots: slots)
        let tasks = (0..<2_000).compactMap { _ in shell.lease(worker) }
        #expect(tasks.count == slots)
        #expect(shell.answer(tasks[0], by: worker) == .accepted)
        #expect((0..<2_000).compactMap { _ in shell.lease(worker) }.count == 1)
    }

    /// The answer that brought it was lost: its slot must not stand idle until the lease has run out.
    @Test func aTaskThatAHeartbeatDoesNotNameIsOpenAgain() throws {
        let shell = TestShell(Scenario.pairsPlan(stages: 1, replicas: 2, trials: 0))
        shell.start()
        let worker = shell.join("worker", slots: 1)
        let task = try #require(shell.lease(worker))
        #expect(shell.lease(worker) == nil)
        #expect(shell.heartbeat(worker, []) == [])
        #expect(shell.lease(worker) == nil, "it may be on its way")
        shell.clock = shell.clock + 7_000
        #expect(shell.heartbeat(worker, []) == [])
        #expect(shell.lease(worker)?.id == task.id)
    }

    @Test func aQuarantineHoldsUnderANewNameAndAfterARestart() throws {
        let shell = TestShell(Scenario.pairsPlan(stages: 1, replicas: 4, trials: 0))
        shell.start()
        let liar = shell.join("liar", process: 7)
        let held = try #require(shell.lease(liar))
        for name in ["liar", "liar-again", "liar-for-the-third-time"] {
            // Refusals count for the process, whatever name it has.
            let worker = shell.join(name, process: 7)
            let task = try #require(shell.lease(worker))
            shell.perform(shell.cluster.updateRefused(task.id, from: worker, reason: "it is cut off"))
        }
        #expect(shell.quarantines.count == 1)
        for isRestarted in [false, true] {
            if isRestarted { shell.start(events: shell.recorded) }
            let again = shell.join("again", process: 7)
            #expect(shell.lease(again) == nil)
            #expect(shell.answer(held, by: again) == .late)
            #expect(shell.heartbeat(again, [held.id]) == [held.id])
            let standing = shell.cluster.standing(of: again) { _ in true }
            guard case .quarantined = standing else { return #expect(standing == .good) }
            #expect(shell.cluster.standing(of: WorkerID(rawValue: "never")!) { _ in true } == .stranger)
            let new = shell.join("new", process: 8)
            #expect(shell.cluster.standing(of: new) { _ in false } == .unproven)
            #expect(shell.lease(new) != nil)
        }
    }

    @Test func whoseAnswersAreRefusedGetsNoMoreTasks() throws {
        let shell = TestShell(Scenario.pairsPlan(stages: 1, replicas: 2, trials: 0))
        shell.start()
        let liars = [shell.join("liar"), shell.join("other-liar")]
        for liar in liars {
            for _ in 0..<Limits.refusedAnswers {
                let task = try #require(shell.lease(liar))
                shell.perform(shell.cluster.updateRefused(task.id, from: liar, reason: "it is not finite"))
            }
            #expect(shell.lease(liar) == nil)
            #expect(shell.cluster.workers[liar]?.quarantine?.contains("it is not finite") == true)
        }
        // Their attempts, more than a task may have, do not end the run.
        #expect(shell.phase == .running)
        shell.runToTheEnd()
        #expect(shell.phase == .finished)
    }

    @Test func anAcceptedAnswerForgivesARefusedOne() throws {
        let shell = TestShell(Scenario.pairsPlan(stages: 1, rounds: 9, replicas: 3, trials: 0))
        shell.start()
        let worker = shell.join("clumsy")
        for _ in 0..<5 {
            for _ in 1..<Limits.refusedAnswers {
                let task = try #require(shell.lease(worker))
                shell.perform(shell.cluster.updateRefused(task.id, from: worker, reason: "it is cut off"))
            }
            let task = try #require(shell.lease(worker))
            #expect(shell.answer(task, by: worker) == .accepted)
        }
    }

    @Test func othersTryATaskFirstThatFailedWithOne() throws {
        let shell = TestShell(Scenario.pairsPlan(stages: 1, replicas: 1, trials: 0))
        shell.start()
        let (first, second) = (shell.join("first"), shell.join("second"))
        let task = try #require(shell.lease(first))
        shell.perform(shell.cluster.taskReleased(task.id, by: first, .failed("no memory")))
        #expect(shell.lease(first)?.id != task.id)
        #expect(shell.lease(second)?.id == task.id)
        shell.perform(shell.cluster.taskReleased(task.id, by: second, .failed("no memory")))
        #expect(shell.lease(first)?.id == task.id)
    }
}
