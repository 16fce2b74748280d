import Coordination
import PairClassifier
import RunProtocol
import Simulation
import Testing

/// Tasks that come to nothing: when that ends a run, and when only a worker is to blame.
@Suite struct FailingTests {
    private let divergence = Divergence(what: "the loss", value: "1.5e+13", feature: 2, magnitude: 1_000_999)

    private func shell(replicas: Int = 2, rounds: Int = 3) -> TestShell {
        let shell = TestShell(Scenario.pairsPlan(stages: 1, rounds: rounds, replicas: replicas, trials: 0))
        shell.start()
        return shell
    }

    private func diverge(_ task: TaskDescription, _ worker: WorkerID, _ shell: TestShell) {
        shell.perform(shell.cluster.taskReleased(task.id, by: worker, .diverged(divergence)))
    }

    @Test func aRunEndsWhenTwoHostsSeeItDiverge() throws {
        let shell = shell()
        let (first, second) = (shell.join("first", host: "a"), shell.join("second", host: "b"))
        _ = shell.join("third", host: "c")
        let task = try #require(shell.lease(first))
        diverge(task, first, shell)
        #expect(shell.phase == .running)
        #expect(shell.lease(second)?.id == task.id)
        diverge(task, second, shell)
        guard case .failed(let reason) = shell.phase else { return #expect(shell.phase == .cancelled) }
        #expect(shell.failure == .diverged)
        for text in ["the classifier", "the loss is 1.5e+13", "2 workers", "feature 3", "1000999", "divide_by"] {
            #expect(reason.contains(text), "\(reason)")
        }
        #expect(shell.cluster.workers.values.allSatisfy { $0.quarantine == nil })
    }

    @Test func aColumnIsNamed() throws {
        let plan = Scenario.pairsPlan(stages: 1, trials: 0)
        let manifest = Scenario.pairsManifest(columns: ["a", "b", "number", "d", "e"])
        let shell = TestShell(plan)
        let opening = StageOpening(stage: 0, frozen: nil, weights: [Example.digest("start")])
        shell.start(events: [.dataPrepared(manifest), .stageOpened(opening)])
        let worker = shell.join("only")
        for _ in 0..<Limits.loneDivergences { diverge(try #require(shell.lease(worker)), worker, shell) }
        guard case .failed(let reason) = shell.phase else { return #expect(shell.phase == .cancelled) }
        #expect(reason.contains("column \"number\""), "\(reason)")
    }

    @Test func theOnlyWorkerTriesMoreThanOnce() throws {
        let shell = shell()
        let worker = shell.join("only")
        for _ in 0..<Limits.loneDivergences {
            #expect(shell.phase == .running)
            diverge(try #require(shell.lease(worker)), worker, shell)
        }
        guard case .failed(let reason) = shell.phase else { return #expect(shell.phase == .cancelled) }
        #expect(reason.contains("a single worker"))
    }

    /// Workers whose results cannot be used say nothing of a task, and come back without end.
    @Test func unusableResultsDoNotKeepADivergingRunAlive() throws {
        let shell = shell(replicas: 1)
        let honest = shell.join("honest", host: "honest")
        for life in 0..<40 where shell.phase == .running {
            let liar = shell.join("liar-\(life)", host: "liar")
            while let task = shell.lease(liar) {
                shell.perform(shell.cluster.updateRefused(task.id, from: liar, reason: "it is cut off"))
                if let task = shell.lease(honest) { diverge(task, honest, shell) }
            }
            shell.clock = shell.clock + 50_000
            _ = shell.heartbeat(honest, [])
            shell.perform(shell.cluster.timePassed(now: shell.clock))
        }
        #expect(shell.failure == .diverged)
    }

    /// A host whose workers are started again and again is still one host.
    @Test func aBrokenHostEndsNoRun() throws {
        let shell = shell()
        let good = shell.join("good", host: "good")
        let held = try #require(shell.lease(good))
        for life in 0..<20 {
            let broken = shell.join("broken-\(life)", host: "broken")
            guard let task = shell.lease(broken) else { break }
            if life % 2 == 0 {
                diverge(task, broken, shell)
            } else {
                shell.perform(shell.cluster.taskReleased(task.id, by: broken, .failed("no memory")))
            }
            #expect(shell.phase == .running)
        }
        #expect(shell.answer(held, by: good) == .accepted)
        while shell.phase == .running, let task = shell.lease(good) { _ = shell.answer(task, by: good) }
        #expect(shell.phase == .finished)
    }

    /// It is the same after a restart of the coordinator, and under another name.
    @Test func whatOneProcessSaysTwiceIsOneVoice() throws {
        let shell = shell()
        let first = shell.join("first", host: "a", process: 1)
        diverge(try #require(shell.lease(first)), first, shell)
        shell.start(events: shell.recorded)
        let again = shell.join("again", host: "a", process: 1)
        let other = shell.join("other", host: "b", process: 2)
        #expect(shell.lease(again)?.id.index != shell.lease(other)?.id.index)
        #expect(shell.phase == .running)
        for task in shell.cluster.tasks(of: other) {
            shell.perform(shell.cluster.taskReleased(task, by: other, .diverged(divergence)))
        }
        guard case .failed = shell.phase else { return #expect(shell.phase == .cancelled) }
    }

    @Test func aWorkerWhoseDivergencesAreContradictedIsNamedAndAskedLast() throws {
        let shell = shell(replicas: 3, rounds: 5)
        let (good, broken) = (shell.join("good", host: "good"), shell.join("broken", host: "broken"))
        var given = 0
        while given < Limits.contradictedDivergences {
            let task = try #require(shell.lease(broken))
            diverge(task, broken, shell)
            given += 1
            while let task = shell.lease(good) {
                _ = shell.answer(task, by: good)
                if shell.cluster.workers[good] == nil { break }
                if task.id.index == 0 { break }
            }
        }
        while shell.phase == .running, let task = shell.lease(good) {
            #expect(shell.told.isEmpty || shell.lease(broken) == nil)
            _ = shell.answer(task, by: good)
        }
        #expect(shell.phase == .finished)
        #expect(shell.count(.workerMistrusted(broken, host: "broken")) == 1)
        #expect(shell.cluster.workers[broken]?.quarantine == nil)
    }

    // MARK: Memory

    @Test func aTaskGoesToAWorkerThatHasTheMemory() throws {
        let shell = shell()
        let (small, large) = (shell.join("small", host: "a"), shell.join("large", host: "b"))
        _ = shell.answer(try #require(shell.lease(small)), by: small)
        let task = try #require(shell.lease(small))
        shell.perform(
            shell.cluster.taskReleased(
                task.id, by: small, .needsMemory(needed: 3_500_000_000, available: 2_000_000_000)))
        let told = try #require(shell.told.first { $0.notice == .workerLacksMemory(small, host: "a", task.id) })
        #expect(told.reason == "it needs 3.5 GB and has 2.0 GB here")
        // All training tasks of the stage take as much.
        #expect(shell.lease(small) == nil)
        #expect(shell.reasonToWait == nil)
        #expect(shell.lease(large)?.id == task.id)
        while shell.phase == .running {
            for task in shell.cluster.tasks(of: large) {
                _ = shell.answer(try #require(shell.cluster.run(shell.run)?.describeTask(task.index)), by: large)
            }
            _ = shell.lease(large)
        }
        #expect(shell.phase == .finished)
    }

    @Test func aRunWaitsForAWorkerWithEnoughMemory() throws {
        let shell = shell()
        let workers = [shell.join("worker-1", host: "a"), shell.join("worker-2", host: "b")]
        _ = shell.answer(try #require(shell.lease(workers[0])), by: workers[0])
        for (worker, available) in zip(workers, [1_000_000_000, 2_000_000_000]) {
            let task = try #require(shell.lease(worker))
            shell.perform(
                shell.cluster.taskReleased(
                    task.id, by: worker, .needsMemory(needed: 3_500_000_000, available: available)))
        }
        #expect(workers.allSatisfy { shell.lease($0) == nil })
        let reason = try #require(shell.reasonToWait)
        #expect(reason.contains("needs 3.5 GB; worker-2 on b has 2.0 GB"), "\(reason)")
        #expect(shell.count(.runWaitsForMemory) > 0)
        #expect(shell.phase == .running)
        let large = shell.join("large", host: "c")
        #expect(shell.lease(large) != nil)
        #expect(shell.reasonToWait == nil)
    }
}
