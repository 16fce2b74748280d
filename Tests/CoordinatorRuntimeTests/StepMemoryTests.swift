import CoordinatorRuntime
import DataFormats
import Foundation
import Logging
import RunProtocol
import RunStore
import TestSite
import Testing

/// A step that takes more memory than the coordinator has fails its run, before anything is allocated.
@Suite(.timeLimit(.minutes(3))) struct StepMemoryTests {
    @Test func aRunFailsWhereItsDataAreCut() async throws {
        let site = try Site()
        let status = try await run(site, memory: MemoryBudget(limitBytes: 1))
        #expect(status.state == .failed)
        let reason = try #require(status.reason)
        #expect(reason.contains(/needs \d+ MB of memory, and the coordinator has 0 MB/), "\(reason)")
    }

    @Test func whatIsKnownOfItIsToldOnceTheDataAreCut() async throws {
        let site = try Site()
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let worker = try await coordinator.join()
            _ = try #require(try await coordinator.task(for: worker))
            let status = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
            let memory = try #require(status.memory)
            #expect(memory.workerSlot > 16 << 20 && memory.coordinator > 16 << 20 && memory.disk > 0)
        }
    }

    /// - Returns: the status when the run has ended.
    private func run(_ site: Site, memory: MemoryBudget) async throws -> RunStatus {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let coordinator = try await Coordinator(
            store: RunStore(folder: site.folder.appending(path: "scarce").path), kinds: site.kinds,
            folders: DataFolders([site.folder.path]), defaultFolder: site.folder.path, version: "1", logger: logger,
            memory: memory)
        let life = Task { try await coordinator.run() }
        defer { life.cancel() }
        var status = try await coordinator.submit(site.submission)
        while !status.state.isFinal {
            status = try await coordinator.status(of: status.id, after: status.revision, waitSeconds: 10)
        }
        return status
    }
}
