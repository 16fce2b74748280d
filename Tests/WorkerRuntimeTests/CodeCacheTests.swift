import Dispatch
import Glibc
import Synchronization
import Testing
import Training
import WorkerRuntime

/// Samples and codes are made once, and go when there is no room.
@Suite struct SampleCacheTests {
    private struct Broken: Error {}

    private func samples(_ count: Int) -> Samples {
        Samples(count: count, size: 1, numbers: .uint8([UInt8](repeating: 1, count: count)), divisor: 1)
    }

    @Test func manyThatAskAtOnceWaitForOneComputation() {
        let cache = SampleCache(limitBytes: 1_000)
        let made = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 16) { _ in
            let found = try? cache.samples("a") {
                made.add(1, ordering: .relaxed)
                usleep(20_000)
                return samples(10)
            }
            #expect(found?.count == 10)
        }
        #expect(made.load(ordering: .relaxed) == 1)
    }

    @Test func theLeastRecentlyUsedGoes() throws {
        let cache = SampleCache(limitBytes: 100)
        var made: [String] = []
        func ask(_ key: String, _ count: Int = 40) throws {
            _ = try cache.samples(key) {
                made.append(key)
                return samples(count)
            }
        }
        try ask("a")
        try ask("b")
        try ask("a")
        try ask("c")
        #expect(made == ["a", "b", "c"])
        try ask("a")
        try ask("c")
        #expect(made == ["a", "b", "c"])
        try ask("b")
        #expect(made == ["a", "b", "c", "b"])
        // What alone is too large is kept for those who want it again, and all else goes.
        try ask("large", 500)
        try ask("large", 500)
        try ask("b")
        #expect(made == ["a", "b", "c", "b", "large", "b"])
    }

    @Test func aFailureIsTheMakersAlone() {
        let cache = SampleCache(limitBytes: 1_000)
        let calls = Atomic(0)
        let failures = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            do {
                let found = try cache.samples("a") {
                    usleep(5_000)
                    guard calls.add(1, ordering: .relaxed).newValue > 3 else { throw Broken() }
                    return samples(10)
                }
                #expect(found.count == 10)
            } catch {
                failures.add(1, ordering: .relaxed)
            }
        }
        #expect(failures.load(ordering: .relaxed) == 3)
        #expect(calls.load(ordering: .relaxed) == 4)
    }

    @Test func whatIsMadeOfAnotherIsNoDeadlock() throws {
        let cache = SampleCache(limitBytes: 10)
        DispatchQueue.concurrentPerform(iterations: 8) { index in
            _ = try? cache.samples("code \(index % 2)") { try cache.samples("raw") { samples(20) } }
        }
        #expect(try cache.samples("raw") { samples(20) }.count == 20)
    }
}
