import Coordination
import PairClassifier
import RandomNumbers
import RunProtocol
import Simulation
import Testing

/// A worker that has a shard's samples, and what it has made of them, gets the shard's tasks again.
@Suite struct SampleHolderTests {
    private let shell = TestShell(Scenario.pairsPlan(stages: 2, rounds: 6, replicas: 3, trials: 0))

    /// Plays the round in progress with workers of one slot, which ask in the order that `seed` gives.
    ///
    /// - Returns: which worker had which shard.
    private func playRound(_ workers: [WorkerID], seed: UInt64) -> [Digest: WorkerID] {
        var random = Philox(key: seed, stream: 0)
        var (had, waiting): ([Digest: WorkerID], [WorkerID]) = ([:], workers)
        var training: [(task: TaskDescription, worker: WorkerID)] = []
        while !waiting.isEmpty {
            let worker = waiting.remove(at: random.next(below: waiting.count))
            guard let task = shell.lease(worker) else { continue }
            guard task.elementCount > 0 else {
                _ = shell.answer(task, by: worker)
                waiting.append(worker)
                continue
            }
            training.append((task, worker))
            had[task.work.data.fields[0].digest] = worker
        }
        for (task, worker) in training { _ = shell.answer(task, by: worker) }
        return had
    }

    private func join(_ names: String...) -> [WorkerID] { names.map { shell.join($0, slots: 1) } }

    @Test(arguments: 0..<20) func aWorkerGetsTheShardThatItHas(seed: UInt64) {
        shell.start()
        let workers = join("a", "b", "c")
        let first = playRound(workers, seed: seed)
        #expect(Set(first.values) == Set(workers))
        for round in 1..<6 { #expect(playRound(workers, seed: seed + UInt64(round)) == first) }
        // One measures the stage's last weights, and the next stage begins with it.
        let next = playRound([workers[0]], seed: seed)
        #expect(shell.cluster.run(shell.run)?.stage == 1)
        #expect(next.merging(playRound(Array(workers[1...]), seed: seed)) { $1 } == first)
    }

    @Test(arguments: 0..<20) func theShardOfOneThatHasLeftIsTheNextOnes(seed: UInt64) {
        shell.start()
        let workers = join("a", "b", "c")
        let first = playRound(workers, seed: seed)
        shell.perform(shell.cluster.workerLeft(workers[1]))
        let others = [workers[0], workers[2]] + join("d")
        let second = playRound(others, seed: seed + 1)
        for (shard, worker) in second { #expect(worker == first[shard] || first[shard] == workers[1]) }
        #expect(playRound(others, seed: seed + 2) == second)
    }

    /// A task does not wait for the worker that has its shard.
    @Test func anIdleWorkerTakesTheShardOfAnother() throws {
        shell.start()
        let workers = join("a", "b", "c")
        _ = playRound(workers, seed: 1)
        let measurement = try #require(shell.lease(workers[0]))
        _ = shell.answer(measurement, by: workers[0])
        for _ in 0..<3 {
            let task = try #require(shell.lease(workers[0]))
            #expect(task.id.round == 2)
            _ = shell.answer(task, by: workers[0])
        }
        #expect(shell.cluster.run(shell.run)?.round == 3)
    }
}
