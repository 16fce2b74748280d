import Coordination
import PairClassifier
import RunProtocol
import Simulation
import Testing

/// Workers that are heard and do not get on, that leave, or whose messages overtake each other.
@Suite struct StallTests {
    private func shell(replicas: Int = 2) -> TestShell {
        let shell = TestShell(Scenario.pairsPlan(stages: 1, rounds: 2, replicas: replicas, trials: 0))
        shell.start()
        return shell
    }

    @Test func anIdleWorkerGetsTheTaskOfAHangingOneThoughNothingIsKnownOfItsKind() throws {
        let shell = shell()
        let (hanging, idle) = (shell.join("hanging", host: "a"), shell.join("idle", host: "b"))
        var tasks: [TaskDescription] = []
        while let task = shell.lease(hanging) { tasks.append(task) }
        let held = tasks.map(\.id).sorted { $0.index < $1.index }
        let beats = [(worker: hanging, tasks: held), (worker: idle, tasks: [])]
        shell.pass(seconds: 55, beats)
        #expect(shell.lease(idle) == nil)
        #expect(!shell.cluster.isStalled(hanging, now: shell.clock))
        shell.pass(seconds: 10, beats)
        #expect(shell.cluster.isStalled(hanging, now: shell.clock))
        for task in held {
            #expect(shell.count(.taskStalled(task, with: hanging, host: "a")) == 1)
        }
        #expect(shell.lease(idle)?.id == held.first)
        // It is the idle one's answer that counts; the rest follows.
        for _ in 0..<20 {
            for task in shell.cluster.tasks(of: idle) {
                let run = try #require(shell.cluster.run(shell.run))
                if let description = run.describeTask(task.index) { _ = shell.answer(description, by: idle) }
            }
            _ = shell.lease(idle)
        }
        #expect(shell.phase == .finished)
    }

    @Test func twoHangingWorkersDoNotKeepATaskFromAThird() throws {
        let shell = shell()
        let hanging = [shell.join("hanging-1"), shell.join("hanging-2")]
        let task = try #require(shell.lease(hanging[0]))
        _ = shell.lease(hanging[0])
        _ = shell.lease(hanging[0])
        let held = shell.cluster.tasks(of: hanging[0])
        shell.pass(seconds: 65, [(hanging[0], held), (hanging[1], [])])
        #expect(shell.lease(hanging[1])?.id == held.first)
        shell.pass(seconds: 65, [(hanging[0], held), (hanging[1], [held[0]])])
        let third = shell.join("third")
        #expect(shell.lease(third)?.id == held.first)
        #expect(shell.answer(task, by: third) != nil)
    }

    @Test func whoGetsOnInWhateverWayIsNotStalled() throws {
        let shell = shell()
        let (slow, idle) = (shell.join("slow"), shell.join("idle"))
        while shell.lease(slow) != nil {}
        let held = shell.cluster.tasks(of: slow)
        // Its data come in byte by byte, so no step of the task is done.
        shell.pass(seconds: 600, [(slow, held), (idle, [])]) { $0 }
        #expect(!shell.cluster.isStalled(slow, now: shell.clock))
        #expect(shell.lease(idle) == nil)
        #expect(shell.told.isEmpty)
    }

    @Test func whoGetsOnAgainIsToldOfAgain() throws {
        let shell = shell()
        let worker = shell.join("worker")
        let task = try #require(shell.lease(worker)).id
        shell.pass(seconds: 70, [(worker, [task])])
        _ = shell.heartbeat(worker, [task], share: 0.5)
        #expect(!shell.cluster.isStalled(worker, now: shell.clock))
        #expect(shell.count(.taskMovesAgain(task, with: worker)) == 1)
        shell.pass(seconds: 70, [(worker, [task])])
        #expect(shell.count(.taskStalled(task, with: worker, host: "here")) == 2)
    }

    /// Else a diverging run would wait for ever for the word of a worker that says nothing.
    @Test func aWorkerThatIsStalledForLongIsNotAskedForItsWord() throws {
        let shell = shell()
        let (hanging, other) = (shell.join("hanging", host: "a"), shell.join("other", host: "b"))
        let first = try #require(shell.lease(hanging)).id
        shell.pass(seconds: 620, [(hanging, [first]), (other, [])])
        for _ in 0..<Limits.taskAttempts {
            guard let task = shell.lease(other) else { break }
            shell.perform(
                shell.cluster.taskReleased(
                    task.id, by: other, .diverged(Divergence(what: "the loss", value: "1e+13"))))
        }
        guard case .failed = shell.phase else {
            Issue.record("\(String(describing: shell.phase))")
            return
        }
    }

    /// It hangs in a task that another has done, so that it has none and asks for none: others are not kept waiting for it.
    @Test func whoDoesNotAskIsNotWaitedFor() throws {
        let shell = shell()
        let (hanging, other) = (shell.join("hanging", host: "a"), shell.join("other", host: "b"))
        shell.pass(seconds: 130, [(hanging, []), (other, [])])
        var reports = 0
        for _ in 0..<2 * Limits.taskAttempts where shell.phase == .running {
            guard let task = shell.lease(other) else { continue }
            reports += 1
            shell.perform(
                shell.cluster.taskReleased(
                    task.id, by: other, .diverged(Divergence(what: "the loss", value: "1e+13"))))
            shell.pass(seconds: 1, [(hanging, []), (other, [])])
        }
        #expect(reports >= Limits.loneDivergences)
        #expect(shell.phase != .running)
        #expect(shell.cluster.unavailable == [hanging])
    }

    @Test(arguments: [nil, TaskRelease.Reason.failed("no memory")])
    func aHeartbeatThatWasOvertakenByItsTasksReleaseClaimsNothing(reason: TaskRelease.Reason?) throws {
        let shell = shell()
        let (worker, other) = (shell.join("worker", host: "a"), shell.join("other", host: "b"))
        let task = try #require(shell.lease(worker)).id
        shell.perform(shell.cluster.taskReleased(task, by: worker, reason))
        #expect(shell.heartbeat(worker, [task]) == [task])
        #expect(shell.cluster.leases[task] == nil)
        #expect(shell.lease(other)?.id == task)
        shell.perform(shell.cluster.taskReleased(task, by: other, nil))
        // Given to it anew, it is its own again; a task that failed with it is others'.
        guard reason == nil else { return }
        #expect(shell.lease(worker)?.id == task)
        #expect(shell.heartbeat(worker, [task]) == [])
    }

    @Test func whoLeavesIsGoneAndItsTasksAreOpen() throws {
        let shell = shell()
        let (leaving, other) = (shell.join("leaving"), shell.join("other"))
        let task = try #require(shell.lease(leaving)).id
        shell.perform(shell.cluster.workerLeft(leaving))
        #expect(shell.cluster.workers[leaving] == nil)
        #expect(shell.lease(other)?.id == task)
        #expect(shell.count(.workerLeft(leaving, host: "here")) == 1)
        #expect(shell.cluster.workerLeft(leaving).isEmpty)
    }

    @Test func troubleIsToldWhenItComesUpChangesAndEnds() throws {
        let shell = shell()
        let worker = shell.join("worker")
        for trouble in [nil, "413", "413", "502", "502", nil, nil] { _ = shell.heartbeat(worker, [], trouble: trouble) }
        let trouble = Notice.workerInTrouble(worker, host: "here")
        #expect(shell.told.map(\.notice) == [trouble, trouble, .workerOutOfTrouble(worker, host: "here")])
        #expect(shell.told.prefix(2).map(\.reason) == ["413", "502"])
        #expect(shell.cluster.workers[worker]?.trouble == nil)
    }

    @Test func aRunWithoutALivingWorkerWaits() throws {
        let shell = shell()
        #expect(shell.reasonToWait?.contains("waits for workers") == true)
        let worker = shell.join("worker")
        #expect(shell.reasonToWait == nil)
        let task = try #require(shell.lease(worker)).id
        shell.clock = shell.clock + 14_000
        #expect(shell.reasonToWait == nil)
        shell.clock = shell.clock + 2_000
        #expect(shell.reasonToWait?.contains("nothing is heard") == true)
        _ = shell.heartbeat(worker, [task])
        #expect(shell.reasonToWait == nil)
    }

    @Test func registrationsWithoutEndDoNotShutOutThoseThatWork() throws {
        var cluster = Cluster(compiler: .pairs)
        let now = Instant(milliseconds: 0)
        let honest = try #require(WorkerID(rawValue: "honest"))
        cluster.workerRegistered(honest, Example.registration(host: "h", processID: 1), now: now)
        _ = cluster.leaseRequested(by: honest, now: now)
        for number in 0..<2 * Limits.workers {
            let hasRoom = cluster.makeRoomForWorker()
            #expect(hasRoom)
            let name = try #require(WorkerID(rawValue: "flood-\(number)"))
            cluster.workerRegistered(
                name, Example.registration(host: "f", processID: number), now: now + Int64(number))
            #expect(cluster.workers.count <= Limits.workers)
        }
        #expect(cluster.workers[honest] != nil)
        let late = try #require(WorkerID(rawValue: "late"))
        let hasRoom = cluster.makeRoomForWorker()
        #expect(hasRoom)
        cluster.workerRegistered(late, Example.registration(host: "h", processID: 2), now: now + 30_000)
        _ = cluster.leaseRequested(by: late, now: now + 30_000)
        _ = cluster.timePassed(now: now + 45_000)
        // Who was never heard since it registered is not waited for as long.
        #expect(cluster.workers.count == 2)
    }
}
