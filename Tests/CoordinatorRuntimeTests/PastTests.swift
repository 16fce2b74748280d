import Coordination
import CoordinatorRuntime
import Foundation
import GRDB
import RunProtocol
import RunStore
import TestSite
import Testing

/// What people see of the past after a restart of the coordinator.
@Suite(.timeLimit(.minutes(3))) struct PastTests {
    private let times = ClusterTimes(leaseMilliseconds: 60_000)

    /// A run that is half done when the coordinator ends: a task answered, one given back, one in hand.
    private func halfDone(
        _ site: Site, _ process: WorkerRegistration
    ) async throws -> (run: RunID, held: TaskDescription, entries: [RunJournal.Entry], spans: [TaskSpan]) {
        try await site.living(times) { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let worker = try await coordinator.join(process: process)
            let measured = try #require(try await coordinator.task(for: worker))
            #expect(try await coordinator.answer(measured, as: worker) == .accepted)
            let failing = try #require(try await coordinator.task(for: worker))
            try await coordinator.release(failing.id, by: worker, .failed("bad luck"))
            let held = try #require(try await coordinator.task(for: worker))
            _ = try await coordinator.heartbeat(Heartbeat(worker: worker, [held.id], share: 0.5))
            let update = try await coordinator.live(of: run, after: nil, waitSeconds: 0)
            // The life that ends writes the rest down.
            return (
                run, held, try await coordinator.journal(of: run, after: 0).entries, update.run?.spans ?? []
            )
        }
    }

    @Test func whatHappenedIsKept() async throws {
        let site = try Site()
        let process = WorkerRegistration(host: "node", processID: 7, slots: 1, version: "1", instructionSet: "any")
        let before = try await halfDone(site, process)
        #expect(before.spans.count == 3)
        try await site.living(times) { coordinator in
            let entries = try await coordinator.journal(of: before.run, after: 0).entries
            #expect(Array(entries.prefix(before.entries.count)) == before.entries)
            #expect(entries.map(\.number) == Array(1...entries.count))
            let resumed = try #require(entries.last { $0.text == "\(Notice.coordinatorRestarted)" })
            #expect(
                resumed.reason.contains("resumed \(before.run): training 1, round 1 of 2, 1 of 3 tasks kept"),
                "\(resumed.reason)")
            #expect(resumed.reason.contains("the one before was stopped"), "\(resumed.reason)")
            #expect(entries.contains { $0.text == "\(Notice.coordinatorStops)" })
            let update = try await coordinator.live(of: before.run, after: nil, waitSeconds: 0)
            #expect(update.run?.spans == before.spans)
            #expect(update.run?.starts?.count == 1 && update.run?.spansSince == nil)
            // Nobody has come back yet.
            let known = try #require(update.workers.first)
            #expect(update.workers.count == 1 && known.state == .silent && known.record.tasksDone == 1)
        }
    }

    @Test func aWorkerIsTheSameOneAndGoesOnWithItsTask() async throws {
        let site = try Site()
        let process = WorkerRegistration(host: "node", processID: 7, slots: 1, version: "1", instructionSet: "any")
        let before = try await halfDone(site, process)
        try await site.living(times) { coordinator in
            let worker = try await coordinator.join(process: process)
            #expect(before.spans.allSatisfy { $0.worker == worker })
            #expect(
                try await coordinator.heartbeat(Heartbeat(worker: worker, [before.held.id], share: 0.7)).abandon == [])
            #expect(try await coordinator.answer(before.held, as: worker) == .accepted)
            let update = try await coordinator.live(of: before.run, after: nil, waitSeconds: 0)
            let spans = try #require(update.run?.spans)
            #expect(spans.count == 3)
            let last = try #require(spans.last)
            #expect(last.number == 3 && last.outcome == .done && last.leasedAt == before.spans[2].leasedAt)
            let record = try #require(update.workers.first?.record)
            #expect(record.tasksDone == 2 && record.tasksFailed == 1)
            #expect(update.workers.first?.joinedAt ?? 0 < update.coordinator.startedAt)
        }
    }

    @Test func whatBecameOfATaskIsSaidToBeUnknown() async throws {
        let site = try Site()
        let process = WorkerRegistration(host: "node", processID: 7, slots: 1, version: "1", instructionSet: "any")
        let before = try await halfDone(site, process)
        // Another one is told, some time later, that it has not come back.
        try await site.living(ClusterTimes(leaseMilliseconds: 500, workerMilliseconds: 500)) { coordinator in
            var spans: [TaskSpan] = []
            var state: WorkerStatus.State?
            for _ in 0..<200 where spans.last?.outcome == nil || state != .lost {
                try await Task.sleep(for: .milliseconds(50))
                let update = try await coordinator.live(of: before.run, after: nil, waitSeconds: 0)
                (spans, state) = (update.run?.spans ?? [], update.workers.first?.state)
            }
            #expect(spans.last?.outcome == .unknown)
            #expect(spans.last?.reason?.contains("the coordinator was started again") == true)
            #expect(state == .lost)
            let entries = try await coordinator.journal(of: before.run, after: 0).entries
            #expect(entries.contains { $0.reason.contains("has not come back since the coordinator was started") })
        }
    }

    @Test func anEndedRunKeepsItsTimelineAndEvents() async throws {
        let site = try Site()
        let (run, spans, entries) = try await site.living(times) { coordinator in
            let run = try await coordinator.submit(site.submission).id
            _ = try await coordinator.finish(run)
            let update = try await coordinator.live(of: run, after: nil, waitSeconds: 0)
            return (run, update.run?.spans ?? [], try await coordinator.journal(of: run, after: 0).entries)
        }
        #expect(spans.count > 10)
        try await site.living(times) { coordinator in
            let update = try await coordinator.live(of: run, after: nil, waitSeconds: 0)
            #expect(update.run?.spans == spans)
            let kept = try await coordinator.journal(of: run, after: 0).entries
            #expect(kept == entries)
        }
    }

    /// A state folder of an earlier program has facts alone.
    @Test func whatIsNotKnownIsSaid() async throws {
        let site = try Site()
        let run = try await site.living(times) { coordinator in
            let run = try await coordinator.submit(site.submission).id
            _ = try await coordinator.finish(run)
            return run
        }
        let forgetting = try DatabaseQueue(path: site.folder.path + "/state/runs.sqlite")
        try await forgetting.write { database in
            for table in ["entry", "span", "worker", "life"] {
                try database.execute(sql: "DELETE FROM \(table)")
            }
        }
        try forgetting.close()
        try await site.living(times) { coordinator in
            let update = try await coordinator.live(of: run, after: nil, waitSeconds: 0)
            #expect(update.run?.spans == [])
            let since = try #require(update.run?.spansSince)
            #expect(since == update.runs.first?.finishedAt)
            let entries = try await coordinator.journal(of: run, after: 0).entries
            #expect(entries.contains { $0.text == "finished" })
            #expect(entries.map(\.number) == Array(1...entries.count))
        }
    }
}
