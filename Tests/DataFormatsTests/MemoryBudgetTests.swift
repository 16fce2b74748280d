import DataFormats
import Foundation
import Synchronization
import Testing

/// What does not fit is refused, what fits beside others waits for them, and caches give way.
struct MemoryBudgetTests {
    private static let megabyte = 1 << 20

    @Test func whatCanNeverFitIsRefusedWithBothSizes() throws {
        let budget = MemoryBudget(limitBytes: AvailableMemory.used + 100 * Self.megabyte)
        let shortage = #expect(throws: MemoryShortage.self) {
            try budget.withMemory(200 * Self.megabyte) { Issue.record("it was begun") }
        }
        #expect(shortage?.needed == 200 * Self.megabyte)
        let available = try #require(shortage?.available)
        #expect(available > 0 && available <= 150 * Self.megabyte)
        #expect(try budget.withMemory(1) { 7 } == 7)
    }

    @Test func whatFitsAloneWaitsForOthers() throws {
        let budget = MemoryBudget(limitBytes: AvailableMemory.used + 100 * Self.megabyte)
        let most = budget.capacity()
        let waits = Atomic(0)
        let order = Mutex<[Int]>([])
        try budget.withMemory(most * 3 / 4) {
            Thread.detachNewThread {
                try? budget.withMemory(most / 2, whileWaiting: { waits.add(1, ordering: .relaxed) }) {
                    order.withLock { $0.append(2) }
                }
            }
            while waits.load(ordering: .relaxed) == 0 { usleep(1_000) }
            order.withLock { $0.append(1) }
        }
        while order.withLock({ $0.count < 2 }) { usleep(1_000) }
        #expect(order.withLock { $0 } == [1, 2])
    }

    @Test func cachesGiveWay() throws {
        let budget = MemoryBudget(limitBytes: AvailableMemory.used + 100 * Self.megabyte)
        let most = budget.capacity()
        var (cached, asked) = (most / 2, -1)
        try budget.withMemory(
            most * 3 / 4, cached: { cached },
            shrinkCaches: { room in
                asked = room
                cached = room
            }, { #expect(budget.leftForCaches == asked) })
        #expect((0...most / 2).contains(asked))
    }

    @Test func aFileLargerThanTheMemoryIsRefused() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "large-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        // Nothing but a hole.
        try #require(truncate(path, 1 << 42) == 0)
        let error = #expect(throws: DataError.self) { try FileBytes.read(path, limit: .max) }
        #expect(
            error?.code == .tooLarge && error?.message.contains("MiB are left") == true, "\(String(describing: error))")
    }
}
