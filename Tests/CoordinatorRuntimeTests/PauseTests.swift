import Coordination
import CoordinatorRuntime
import Foundation
import RunProtocol
import TestSite
import Testing

/// What is full, read-only or damaged is said, waited for, and never gives a wrong result.
@Suite(.timeLimit(.minutes(3))) struct PauseTests {
    private func reference(_ site: Site) async throws -> [ExportDescription] {
        try await site.living(state: "reference") { coordinator in
            try await coordinator.finish(coordinator.submit(site.submission).id).exports
        }
    }

    private func file(_ blob: Digest, _ site: Site) -> URL {
        site.folder.appending(path: "state/blobs/\(blob.hex.prefix(2))/\(blob.hex)")
    }

    private func waitFor(_ state: RunStatus.State, _ run: RunID, _ coordinator: Coordinator) async throws -> RunStatus {
        var status = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
        for _ in 0..<60 where status.state != state {
            status = try await coordinator.status(of: run, after: status.revision, waitSeconds: 1)
        }
        return status
    }

    /// Damage to a blob that the coordinator reads itself.
    @Test(arguments: [true, false]) func aDamagedAnswerPausesItsRunOnly(isDeleted: Bool) async throws {
        let site = try Site()
        let expected = try await reference(site)
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let worker = try await coordinator.join()
            let measurement = try #require(try await coordinator.task(for: worker))
            let first = try #require(try await coordinator.task(for: worker))
            let before = try site.blobs()
            _ = try await coordinator.answer(first, as: worker)
            let update = file(try #require(try site.blobs().subtracting(before).first), site)
            let bytes = try Data(contentsOf: update)
            if isDeleted {
                try FileManager.default.removeItem(at: update)
            } else {
                try (bytes.dropLast() + [bytes[bytes.count - 1] ^ 1]).write(to: update)
            }
            let second = try #require(try await coordinator.task(for: worker))
            _ = try await coordinator.answer(second, as: worker)
            _ = try await coordinator.answer(measurement, as: worker)

            let paused = try await waitFor(.paused, run, coordinator)
            #expect(paused.state == .paused)
            #expect(paused.reason?.contains(update.path) == true, "\(paused.reason ?? "")")
            #expect(paused.reason?.contains(isDeleted ? "is missing" : "has been changed") == true)
            let other = try await coordinator.submit(site.submission).id
            #expect(try await coordinator.finish(other).exports == expected)

            try bytes.write(to: update)
            #expect(try await waitFor(.running, run, coordinator).state == .running)
            #expect(try await coordinator.finish(run).exports == expected)
        }
    }

    /// Damage to a blob that only workers read.
    @Test func aDamagedShardIsFoundByItsWorker() async throws {
        let site = try Site()
        let expected = try await reference(site)
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let worker = try await coordinator.join()
            let task = try #require(try await coordinator.trainingTask(for: worker))
            let shard = file(try #require(task.work.data.fields.first).digest, site)
            let bytes = try Data(contentsOf: shard)
            // A line that changes bytes is no damage here.
            try await coordinator.release(task.id, by: worker, .damagedInput)
            #expect(try await coordinator.status(of: run, after: nil, waitSeconds: 0).state == .running)

            let again = try #require(try await coordinator.task(for: worker))
            #expect(again.id == task.id)
            try Data(bytes.dropLast()).write(to: shard)
            for _ in 0..<10 {
                try await coordinator.release(task.id, by: worker, .failed("no samples"))
            }
            let paused = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
            #expect(paused.state == .paused)
            #expect(paused.reason?.contains(shard.path) == true)
            #expect(try await coordinator.task(for: worker, within: 0) == nil)
            let journal = try await coordinator.journal(of: run, after: 0)
            #expect(journal.entries.contains { $0.text == "\(Notice.runPaused)" && $0.reason == paused.reason })

            try bytes.write(to: shard)
            #expect(try await waitFor(.running, run, coordinator).state == .running)
            #expect(try await coordinator.finish(run).exports == expected)
        }
    }

    /// Stands for a folder that has become read-only, which root would not notice.
    @Test func nothingIsLostWhileNothingCanBeWritten() async throws {
        let site = try Site()
        let expected = try await reference(site)
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let worker = try await coordinator.join()
            let task = try #require(try await coordinator.trainingTask(for: worker))
            let blobs = site.folder.appending(path: "state/blobs")
            try FileManager.default.moveItem(at: blobs, to: site.folder.appending(path: "state/elsewhere"))
            try site.write("state/blobs", [])
            let error = await #expect(throws: APIError.self) { try await coordinator.answer(task, as: worker) }
            #expect(error?.code == .storageFull)
            let paused = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
            #expect(paused.state == .paused)
            #expect(paused.reason?.contains("the folder cannot be made") == true, "\(paused.reason ?? "")")
            await #expect(throws: APIError.self) { try await coordinator.task(for: worker, within: 0) }
            await #expect(throws: APIError.self) { try await coordinator.submit(site.submission) }
            #expect(try await coordinator.heartbeat(Heartbeat(worker: worker, [task.id])).abandon == [])

            try FileManager.default.removeItem(at: blobs)
            try FileManager.default.moveItem(at: site.folder.appending(path: "state/elsewhere"), to: blobs)
            #expect(try await waitFor(.running, run, coordinator).state == .running)
            #expect(try await coordinator.answer(task, as: worker) == .accepted)
            #expect(try await coordinator.finish(run).exports == expected)
        }
    }
}
