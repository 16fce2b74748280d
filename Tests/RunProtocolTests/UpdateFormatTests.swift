import FoundationEssentials
import RandomNumbers
import RunProtocol
import Testing

@Suite struct UpdateFormatTests {
    func example() throws -> (TaskID, TaskResult, Data) {
        let task = try #require(TaskID("run-1.s0.r3.t1"))
        let result = TaskResult(
            figures: TaskFigures(samples: 20, metrics: ["loss": 0.5, "activeShare": 0.25, "deadUnits": 2], seconds: 1),
            vector: [1, -2, 3])
        return (task, result, try UpdateFormat.encode(task: task, result: result))
    }

    @Test func roundTrip() throws {
        let (task, result, data) = try example()
        let decoded = try UpdateFormat.decode(data)
        #expect(decoded.task == task)
        #expect(decoded.result == result)
        #expect(try UpdateFormat.preamble(of: data).totalBytes == data.count)
    }

    @Test func whatIsWrongIsSaid() throws {
        let (_, _, data) = try example()
        func changed(_ index: Int, _ byte: UInt8) -> Data {
            var copy = data
            copy[index] = byte
            return copy
        }
        #expect(throws: UpdateError.notAnUpdate) { try UpdateFormat.decode(changed(0, 0)) }
        #expect(throws: UpdateError.unknownVersion(9)) { try UpdateFormat.decode(changed(8, 9)) }
        #expect(throws: UpdateError.unknownEncoding(7)) { try UpdateFormat.decode(changed(10, 7)) }
        #expect(throws: UpdateError.malformedHeader) { try UpdateFormat.decode(changed(24, 0)) }
        #expect(throws: UpdateError.trailingBytes(1)) { try UpdateFormat.decode(data + [0]) }
        for end in data.indices {
            #expect(throws: UpdateError.self) { try UpdateFormat.decode(data.prefix(end)) }
        }
    }

    @Test(arguments: 0..<2_000) func mutantsNeverCrash(seed: Int) throws {
        var (_, _, data) = try example()
        var random = Philox(key: UInt64(seed), stream: 0)
        for _ in 0...random.next(below: 3) {
            data[random.next(below: data.count)] = UInt8(truncatingIfNeeded: random.nextBits())
        }
        let decoded = try? UpdateFormat.decode(data)
        #expect(decoded == nil || decoded?.result.vector.count == 3)
    }
}

@Suite struct IdentifierTests {
    @Test(arguments: ["", "a b", "run/1", String(repeating: "x", count: 41), "ü"])
    func namesAreChecked(name: String) {
        #expect(RunID(rawValue: name) == nil)
        #expect(WorkerID(rawValue: name) == nil)
    }

    @Test(arguments: ["run-1.s0.r1.t0", "a.s12.r100.t9999"]) func taskNamesAreReadBack(name: String) {
        #expect(TaskID(name)?.description == name)
    }

    @Test(arguments: ["run-1.s0.r1", "run-1.s0.r1.t-1", "run-1.s00.r1.t0", "run-1.s0.r1.t0.x", "..", "a.s1.r1.x1"])
    func wrongTaskNamesAreRefused(name: String) {
        #expect(TaskID(name) == nil)
    }

    @Test func digestsAreSHA256() {
        let digest = Digest(of: Array("abc".utf8))
        #expect(digest.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Digest(hex: digest.hex) == digest)
        #expect(Digest(hex: digest.hex.uppercased()) == nil)
        #expect(Digest(hex: "12") == nil)
    }
}
