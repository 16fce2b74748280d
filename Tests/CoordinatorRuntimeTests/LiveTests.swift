import Coordination
import CoordinatorRuntime
import Foundation
import RunProtocol
import TestSite
import Testing

/// Those who watch hear of everything, and of nothing twice.
@Suite(.timeLimit(.minutes(3))) struct LiveTests {
    /// All that is known after a whole update and what came after it, merged as a page does.
    private struct Watcher {
        var cursor: LiveCursor?
        var runs: [RunID: RunStatus] = [:]
        var workers: [WorkerID: WorkerStatus] = [:]
        var rounds: [Int: [Int: RoundRecord]] = [:]
        var spans: [Int: TaskSpan] = [:]
        var entries: [RunJournal.Entry] = []
        var results: [TrialResult] = []
        var network: NetworkDrawing?
        var wholeUpdates = 0

        mutating func hear(_ update: LiveUpdate) {
            if update.isWhole {
                self = Watcher(wholeUpdates: wholeUpdates + 1)
            }
            cursor = update.cursor
            for run in update.runs { runs[run.id] = run }
            for worker in update.workers { workers[worker.worker] = worker }
            for worker in update.forgotten ?? [] { workers[worker] = nil }
            guard let run = update.run else { return }
            for round in run.rounds { rounds[round.stage, default: [:]][round.record.round] = round.record }
            for span in run.spans { spans[span.number] = span }
            entries += run.entries
            results = run.results ?? results
            network = run.network ?? network
        }

        mutating func look(_ coordinator: Coordinator, _ run: RunID?, wait: Double = 0) async throws {
            hear(try await coordinator.live(of: run, after: cursor, waitSeconds: wait))
        }
    }

    @Test func changesAddUpToTheWhole() async throws {
        let site = try Site()
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            var watcher = Watcher()
            try await watcher.look(coordinator, run)
            let worker = try await coordinator.join()
            var status = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
            while !status.state.isFinal {
                if let task = try await coordinator.task(for: worker, within: 0.2) {
                    _ = try await coordinator.heartbeat(
                        Heartbeat(worker: worker, [task.id], share: 0.5))
                    _ = try await coordinator.updateLimit(of: task.id, by: worker.claim(on: task.id))
                    _ = try await coordinator.answer(task, as: worker)
                }
                try await watcher.look(coordinator, run)
                status = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
            }
            // What was compared a moment ago is not compared again at once.
            for _ in 0..<100 where watcher.runs[run]?.state != .finished {
                try await watcher.look(coordinator, run, wait: 1)
            }
            #expect(watcher.wholeUpdates == 1)
            var fresh = Watcher()
            try await fresh.look(coordinator, run)
            #expect(watcher.runs[run]?.state == .finished)
            #expect(watcher.runs.keys == fresh.runs.keys)
            #expect(watcher.rounds == fresh.rounds)
            #expect(watcher.spans == fresh.spans)
            #expect(watcher.entries == fresh.entries)
            #expect(watcher.results == fresh.results && watcher.results == status.results)
            #expect(watcher.network == fresh.network && watcher.network?.shapes == [[3], [2], [3], [3]])
            #expect(watcher.network?.stages == [[0, 1, 2], [0, 1, 2]])
            #expect(
                watcher.rounds[0] == Dictionary(uniqueKeysWithValues: status.stages[0].history.map { ($0.round, $0) }))
            #expect(watcher.runs[run]?.stages.allSatisfy(\.history.isEmpty) == true)
            #expect(status.stages[0].history.contains { $0.bytes ?? 0 > 0 })

            let spans = watcher.spans.values
            #expect(spans.allSatisfy { $0.outcome == .done && $0.endedAt != nil && $0.computingAt != nil })
            #expect(spans.allSatisfy { $0.sendingAt != nil && $0.share == 1 && !$0.isBackup })
            let record = try #require(fresh.workers[worker]?.record)
            #expect(record.tasksDone == spans.count && record.tasksLost == 0)
            #expect(record.samples > 0 && record.samplesPerSecond == nil, "made-up answers took no time")
        }
    }

    @Test func whoHasSeenAllHearsNothingUntilTheTimeIsOver() async throws {
        let site = try Site()
        try await site.living { coordinator in
            let first = try await coordinator.live(of: nil, after: nil, waitSeconds: 30)
            #expect(first.isWhole && first.run == nil && first.runs.isEmpty)
            let second = try await coordinator.live(of: nil, after: first.cursor, waitSeconds: 0.5)
            #expect(!second.isWhole && second.workers.isEmpty && second.runs.isEmpty)
            let worker = try await coordinator.join()
            let third = try await coordinator.live(of: nil, after: second.cursor, waitSeconds: 30)
            #expect(third.workers.map(\.worker) == [worker] && third.workers[0].state == .idle)
        }
    }

    @Test func anotherProcessTellsEverything() async throws {
        let site = try Site()
        let (cursor, run) = try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            return (try await coordinator.live(of: run, after: nil, waitSeconds: 0).cursor, run)
        }
        try await site.living { coordinator in
            let update = try await coordinator.live(of: run, after: cursor, waitSeconds: 30)
            #expect(update.isWhole && update.runs.map(\.id) == [run] && update.run?.id == run)
            #expect(update.cursor.epoch != cursor.epoch)
        }
    }

    @Test func whatWorkersDoIsSeen() async throws {
        let site = try Site()
        let times = ClusterTimes(leaseMilliseconds: 500, workerMilliseconds: 20_000)
        try await site.living(times) { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let (refused, failing, silent) =
                (try await coordinator.join(), try await coordinator.join(), try await coordinator.join())
            let first = try #require(try await coordinator.trainingTask(for: refused))
            await #expect(throws: APIError.self) {
                try await coordinator.send(Data("no".utf8), to: first.id, as: refused)
            }
            let second = try #require(try await coordinator.task(for: failing))
            try await coordinator.release(second.id, by: failing, .failed("no memory"))
            let third = try #require(try await coordinator.task(for: silent))
            // Its lease expires, and then it is taken for lost.
            var watcher = Watcher()
            for _ in 0..<60 where watcher.workers[silent]?.state != .lost {
                try await watcher.look(coordinator, run, wait: 1)
                for worker in [refused, failing] {
                    _ = try? await coordinator.heartbeat(Heartbeat(worker: worker, []))
                }
            }
            #expect(watcher.workers[silent]?.state == .lost)
            #expect(watcher.workers[silent]?.record.tasksLost == 1)
            #expect(watcher.workers[refused]?.record.tasksRefused == 1)
            #expect(watcher.workers[failing]?.record.tasksFailed == 1)
            let spans = watcher.spans.values
            #expect(spans.contains { $0.worker == refused && $0.task == first.id && $0.outcome == .refused })
            #expect(spans.contains { $0.worker == failing && $0.outcome == .failed && $0.reason == "no memory" })
            #expect(spans.contains { $0.worker == silent && $0.task == third.id && $0.outcome == .lost })
            #expect(await coordinator.information().workers.contains { $0.state == .lost })
        }
    }

    @Test func aProcessThatComesBackIsOneWorker() async throws {
        let site = try Site()
        let times = ClusterTimes(leaseMilliseconds: 500, workerMilliseconds: 500)
        try await site.living(times) { coordinator in
            var watcher = Watcher()
            let process = WorkerRegistration(
                host: "here", processID: 1, slots: 1, version: "1", instructionSet: "any")
            let before = try await coordinator.join(process: process)
            for _ in 0..<60 where watcher.workers[before]?.state != .lost {
                try await watcher.look(coordinator, nil, wait: 1)
            }
            #expect(watcher.workers[before]?.state == .lost)
            let after = try await coordinator.join(process: process)
            #expect(after == before)
            for _ in 0..<60 where watcher.workers[after]?.state == .lost {
                try await watcher.look(coordinator, nil, wait: 1)
            }
            #expect([.idle, .silent].contains(watcher.workers[after]?.state))
            #expect(watcher.workers.count == 1)
        }
    }

    @Test func thePlanIsKeptAsItWasWritten() async throws {
        let site = try Site()
        let run = try await site.living { try await $0.submit(site.submission).id }
        try await site.living { coordinator in
            #expect(try await coordinator.planText(of: run) == site.plan)
            let other = try #require(RunID(rawValue: "run-other"))
            await #expect(throws: APIError.self) { try await coordinator.planText(of: other) }
            await #expect(throws: APIError.self) { try await coordinator.live(of: other, after: nil, waitSeconds: 0) }
        }
    }
}
