import Dispatch
import Foundation
import RunProtocol
import Synchronization
import Testing
import Training
import WorkerRuntime

/// Codes are made once, kept in memory up to a limit and in files beyond it.
@Suite struct CodeCacheTests {
    private struct Broken: Error {}

    private func name(_ text: String) -> Digest { Digest(of: Array(text.utf8)) }

    /// Asks for `count` codes of one number.
    private func ask(
        _ cache: CodeCache, _ text: String, _ count: Int = 20, making: () throws -> Void = {}
    ) throws -> [UInt16] {
        let samples = try cache.codes(name(text), count: count, size: 1) { append in
            try making()
            for start in stride(from: 0, to: count, by: 7) {
                try (start..<min(start + 7, count)).map { UInt16($0) }.withUnsafeBufferPointer(append)
            }
        }
        #expect(samples.count == count)
        return samples.numbers.withUnsafeBytes { type, bytes in
            #expect(type == .bfloat16)
            return Array(bytes.bindMemory(to: UInt16.self))
        }
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "codes-\(UUID().uuidString.prefix(8))").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func files(_ folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    // MARK: In memory

    @Test func manyThatAskAtOnceWaitForOneComputation() {
        let cache = CodeCache(limitBytes: 1_000, folder: nil)
        let made = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 16) { _ in
            _ = try? ask(cache, "a") {
                made.add(1, ordering: .relaxed)
                usleep(20_000)
            }
        }
        #expect(made.load(ordering: .relaxed) == 1)
    }

    @Test func theLeastRecentlyUsedGoes() throws {
        let cache = CodeCache(limitBytes: 100, folder: nil)
        var made: [String] = []
        func ask(_ key: String, _ count: Int = 20) throws { _ = try self.ask(cache, key, count) { made.append(key) } }
        try ["a", "b", "a", "c"].forEach { try ask($0) }
        #expect(made == ["a", "b", "c"])
        try ["a", "c", "b"].forEach { try ask($0) }
        #expect(made == ["a", "b", "c", "b"])
        // What alone is too large is made each time, and nothing goes for it.
        try ask("large", 51)
        try ask("large", 51)
        try ask("b")
        #expect(made == ["a", "b", "c", "b", "large", "large"])
    }

    @Test func aFailureIsTheMakersAlone() {
        let cache = CodeCache(limitBytes: 1_000, folder: nil)
        let calls = Atomic(0)
        let failures = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            do {
                _ = try ask(cache, "a") {
                    usleep(5_000)
                    guard calls.add(1, ordering: .relaxed).newValue > 3 else { throw Broken() }
                }
            } catch {
                failures.add(1, ordering: .relaxed)
            }
        }
        #expect(failures.load(ordering: .relaxed) == 3)
        #expect(calls.load(ordering: .relaxed) == 4)
    }

    // MARK: On the disk

    @Test func whatMemoryHasNoRoomForGoesToTheDisk() throws {
        try withFolder { folder in
            let cache = CodeCache(limitBytes: 100, folder: CodeFolder(folder, limitBytes: 10_000))
            var made: [String] = []
            func ask(_ key: String, _ count: Int = 20) throws {
                let codes = try self.ask(cache, key, count) { made.append(key) }
                #expect(codes == (0..<count).map { UInt16($0) })
            }
            try ["a", "b"].forEach { try ask($0) }
            #expect(files(folder) == [])
            // One that was made before goes to the disk; what is too large for memory at once.
            try ask("c")
            #expect(files(folder) == ["\(name("a")).codes"])
            try ask("large", 300)
            #expect(files(folder) == ["\(name("a")).codes", "\(name("large")).codes"].sorted())
            // Round after round nothing is made or written again.
            for _ in 0..<3 { try [("a", 20), ("b", 20), ("c", 20), ("large", 300)].forEach { try ask($0.0, $0.1) } }
            #expect(made == ["a", "b", "c", "large"])
            #expect(files(folder).count == 2)
            // Nor by another process.
            let other = CodeCache(limitBytes: 0, folder: CodeFolder(folder, limitBytes: 10_000))
            #expect(try self.ask(other, "large", 300) { throw Broken() }.count == 300)
        }
    }

    @Test func aDamagedFileIsMadeAgain() throws {
        try withFolder { folder in
            func cache() -> CodeCache { CodeCache(limitBytes: 0, folder: CodeFolder(folder, limitBytes: 10_000)) }
            let whole = try ask(cache(), "a", 300)
            let path = "\(folder)/\(name("a")).codes"
            let bytes = try Data(contentsOf: URL(filePath: path))
            #expect(bytes.count == 128 + 600)
            var damaged = (0..<bytes.count).filter { $0 % 13 == 0 }.map { place in
                var copy = bytes
                copy[place] ^= 1
                return copy
            }
            damaged += [bytes.dropLast(), bytes + [0], bytes.prefix(128), Data()]
            for bytes in damaged {
                try bytes.write(to: URL(filePath: path))
                var isMade = false
                #expect(try ask(cache(), "a", 300) { isMade = true } == whole)
                #expect(isMade)
            }
            // Codes of another shape under this name.
            var isMade = false
            #expect(try ask(cache(), "a", 200) { isMade = true }.count == 200)
            #expect(isMade)
        }
    }

    @Test func theFolderStaysWithinItsLimit() throws {
        try withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let leftover = folder + "/x.codes.123.partial"
            try Data(count: 5_000).write(to: URL(filePath: leftover))
            try FileManager.default.setAttributes([.modificationDate: Date() - 4_000], ofItemAtPath: leftover)
            let cache = CodeCache(limitBytes: 0, folder: CodeFolder(folder, limitBytes: 2 * 728))
            var made: [String] = []
            func ask(_ key: String) throws {
                _ = try self.ask(cache, key, 300) { made.append(key) }
                usleep(20_000)
            }
            try ["a", "b", "a", "c"].forEach { try ask($0) }
            #expect(files(folder) == ["\(name("a")).codes", "\(name("c")).codes"].sorted())
            try ["c", "a", "b"].forEach { try ask($0) }
            #expect(made == ["a", "b", "c", "b"])
            let error = #expect(throws: (any Error).self) { try self.ask(cache, "huge", 2_000) }
            #expect(error.map { "\($0)" }?.contains("codes of 4128 bytes find no room in 1456") == true)
            // A failure leaves nothing behind.
            #expect(throws: Broken.self) { try self.ask(cache, "d", 300) { throw Broken() } }
            #expect(files(folder).allSatisfy { $0.hasSuffix(".codes") })
        }
    }

    @Test func manySlotsKeepTheLimits() throws {
        try withFolder { folder in
            let cache = CodeCache(limitBytes: 1_000, folder: CodeFolder(folder, limitBytes: 100_000))
            let wrong = Atomic(0)
            DispatchQueue.concurrentPerform(iterations: 200) { index in
                let count = 100 + index % 8
                let codes = try? ask(cache, "\(index % 8)", count)
                if codes != (0..<count).map({ UInt16($0) }) { wrong.add(1, ordering: .relaxed) }
            }
            #expect(wrong.load(ordering: .relaxed) == 0)
            #expect(files(folder).allSatisfy { $0.hasSuffix(".codes") })
        }
    }
}
