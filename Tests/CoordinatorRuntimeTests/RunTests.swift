import Coordination
import CoordinatorRuntime
import EventFiles
import Foundation
import PlanFile
import RunProtocol
import TestSite
import Testing

/// A run from its plan to its exports, with made-up answers.
@Suite(.timeLimit(.minutes(3))) struct RunTests {
    private func reference(_ site: Site) async throws -> RunStatus {
        try await site.living(state: "reference") { coordinator in
            try await coordinator.finish(coordinator.submit(site.submission).id)
        }
    }

    @Test func aRunGoesToItsEnd() async throws {
        let site = try Site()
        let status = try await reference(site)
        #expect(status.state == .finished)
        #expect(status.exports.map(\.part) == [.init(rawValue: "classifier")!, .init(rawValue: "codes")!])
        #expect(status.stages.map(\.name) == ["training 1", "training 2", "trials", "test", "codes"])
        #expect(status.stages.allSatisfy { $0.state == .finished })
        #expect(status.stages[0].history.map(\.round) == [0, 1, 2])
        #expect(status.stages[0].history.map { $0.metrics["accuracy"] } == [0.5, 0.75, 1 - 0.5 / 3])
        #expect(status.results.map(\.samples).suffix(4) == [10, 10, 10, 10])
        #expect(status.results.map(\.labels).suffix(4) == [16, 17, 16, 17])
        // Nothing is kept but the averaged weights and the exports.
        #expect(try site.blobs(state: "reference").count == 4)
        #expect(try site.blobs(state: "reference").isSuperset(of: status.exports.map(\.digest)))
        let uploads = site.folder.appending(path: "reference/uploads").path
        #expect(try FileManager.default.contentsOfDirectory(atPath: uploads) == [])
    }

    @Test func startedAgainAfterEveryFactItGivesTheSameExports() async throws {
        let site = try Site()
        let expected = try await reference(site)
        let run = try await site.coordinator().submit(site.submission).id
        var lives = 0
        while true {
            lives += 1
            let status = try await site.life(of: run)
            if status.state.isFinal {
                #expect(status.exports == expected.exports)
                #expect(status.planHash == expected.planHash)
                #expect(status.results == expected.results)
                break
            }
        }
        // At least one life for each answer and each step between them.
        #expect(lives > 30)
        #expect(try site.blobs().count == 4)
    }

    /// As exported after each answer: a TensorBoard that reads on misses nothing and sees nothing twice.
    @Test func anEventFileOnlyGrows() async throws {
        let site = try Site()
        let files = try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let worker = try await coordinator.join()
            var files: [EventFile] = []
            while true {
                let status = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
                files.append(EventFile(status))
                if status.state.isFinal { return files }
                guard let task = try await coordinator.task(for: worker, within: 0.2) else { continue }
                _ = try await coordinator.answer(task, as: worker)
            }
        }
        for (earlier, later) in zip(files, files.dropFirst()) { #expect(later.bytes.starts(with: earlier.bytes)) }
        #expect(Set(files.map(\.bytes.count)).count > 6)
    }

    @Test func twoRunsOfOnePlanAtOnceDoNotTakeEachOthersBlobs() async throws {
        let site = try Site()
        let expected = try await reference(site)
        let (first, second) = try await site.living { coordinator in
            let first = try await coordinator.submit(site.submission).id
            let second = try await coordinator.submit(site.submission).id
            return try await (coordinator.finish(first), coordinator.finish(second))
        }
        #expect(first.exports == expected.exports)
        #expect(second.exports == expected.exports)
        #expect(try site.blobs().count == 4)
    }

    @Test func onlyWhatIsNeededIsThereAfterAStart() async throws {
        let site = try Site()
        let run = try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let worker = try await coordinator.join()
            _ = try #require(try await coordinator.task(for: worker))
            return run
        }
        let needed = try site.blobs()
        let stray = String(repeating: "ab", count: 32)
        try FileManager.default.createDirectory(
            at: site.folder.appending(path: "state/blobs/ab"), withIntermediateDirectories: true)
        try site.write("state/blobs/ab/\(stray)", [1])
        try site.write("state/uploads/half", [1])
        try await site.living { (coordinator: Coordinator) async throws in
            #expect(try site.blobs() == needed)
            #expect(try await coordinator.cancel(run).state == .cancelled)
            #expect(try site.blobs() == [])
            await #expect(throws: APIError.self) { try await coordinator.cancel(run) }
        }
        let uploads = site.folder.appending(path: "state/uploads").path
        #expect(try FileManager.default.contentsOfDirectory(atPath: uploads) == [])
    }

    @Test func garbageIsShownAndDeletedByAge() async throws {
        let site = try Site()
        try await site.living { (coordinator: Coordinator) async throws in
            let run = try await coordinator.submit(site.submission).id
            let worker = try await coordinator.join()
            let task = try #require(try await coordinator.trainingTask(for: worker))
            _ = try await coordinator.answer(task, as: worker)
            let stray = String(repeating: "cd", count: 32)
            try FileManager.default.createDirectory(
                at: site.folder.appending(path: "state/blobs/cd"), withIntermediateDirectories: true)
            try site.write("state/blobs/cd/\(stray)", [1, 2, 3])

            #expect(try await coordinator.garbage(olderThan: 3_600).count == 0)
            let garbage = try await coordinator.garbage(olderThan: 0)
            #expect(garbage.blobs.map(\.digest.hex) == [stray])
            #expect(garbage.bytes == 3)
            let status = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
            #expect(garbage.neededBytes == status.diskBytes)
            #expect(try await coordinator.deleteGarbage(olderThan: 3_600).count == 0)
            #expect(try await coordinator.deleteGarbage(olderThan: 0).blobs.map(\.digest.hex) == [stray])
            #expect(try await coordinator.garbage(olderThan: 0).count == 0)
            #expect(try await coordinator.finish(run).state == .finished)
        }
    }

    @Test func aRunThatIsCancelledWhileItsDataAreCutLeavesNothing() async throws {
        let site = try Site()
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            _ = try await coordinator.cancel(run)
            // Another run's steps come after what the first had under way.
            let other = try await coordinator.submit(site.submission).id
            _ = try await coordinator.finish(other)
        }
        #expect(try site.blobs().count == 4)
    }

    @Test func resumingFindsTheRunOfThePlan() async throws {
        let site = try Site()
        let plan = try PlanReader.read(site.plan, site.kinds)
        let run = try await site.coordinator().resume(plan, text: site.plan, folder: site.folder.path).id
        try await site.living { (coordinator: Coordinator) async throws in
            #expect(try await coordinator.resume(plan, text: site.plan, folder: site.folder.path).id == run)
            // The same words from another folder mean other data, which are not there.
            await #expect(throws: APIError.self) { try await coordinator.resume(plan, text: site.plan, folder: "/") }
        }
    }

    @Test func aCancelledRunIsNotResumed() async throws {
        let site = try Site()
        let plan = try PlanReader.read(site.plan, site.kinds)
        try await site.living { coordinator in
            let run = try await coordinator.resume(plan, text: site.plan, folder: site.folder.path).id
            _ = try await coordinator.cancel(run)
            let next = try await coordinator.resume(plan, text: site.plan, folder: site.folder.path)
            #expect(next.id != run)
            let finished = try await coordinator.finish(next.id)
            #expect(try await coordinator.resume(plan, text: site.plan, folder: site.folder.path) == finished)
        }
    }

    @Test func aListHasNoRounds() async throws {
        let site = try Site()
        try await site.living { coordinator in
            let run = try await coordinator.finish(coordinator.submit(site.submission).id)
            let listed = try await coordinator.runs().runs
            #expect(listed.map(\.id) == [run.id])
            #expect(listed[0].stages.allSatisfy { $0.history.isEmpty })
            #expect(listed[0].exports == run.exports)
        }
    }
}
