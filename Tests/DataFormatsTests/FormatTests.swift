import DataFormats
import Foundation
import RandomNumbers
import Testing

@Suite struct FormatTests {
    @Test(arguments: [Made.bytes, Made.floats]) func npyRoundTrip(table: SampleTable) throws {
        let data = NPY.encode(table)
        #expect(data.count % 64 == table.numbers.count * (table.numbers == Made.bytes.numbers ? 1 : 4) % 64)
        #expect(try NPY.samples([UInt8](data), path: "x") == table)
        #expect(try NPY.samples([UInt8](data), path: "x", limit: 1).count == 1)
    }

    @Test func npyLabelsRoundTrip() throws {
        #expect(try NPY.labels([UInt8](NPY.encode(labels: [0, 3, 9])), path: "x") == [0, 3, 9])
        #expect(code { try NPY.labels([UInt8](NPY.encode(labels: [0, -3])), path: "x") } == .outOfRange)
        #expect(code { try NPY.labels([UInt8](NPY.encode(Made.bytes)), path: "x") } == .wrongShape)
    }

    @Test func idxOfEveryType() throws {
        let bytes = try IDX.samples(Made.idx(dimensions: [2, 1, 2], payload: [1, 2, 3, 255]), path: "x")
        #expect(bytes == SampleTable(count: 2, sampleShape: [1, 2], numbers: .uint8([1, 2, 3, 255])))
        #expect(try IDX.labels(Made.idx(dimensions: [3], payload: [7, 0, 1]), path: "x", limit: 2) == [7, 0])
        let types: [(UInt8, [UInt8], Float)] = [
            (0x09, [0xFF], -1), (0x0B, [0xFF, 0xFE], -2), (0x0C, [0, 0, 1, 0], 256), (0x0D, [0x3F, 0x80, 0, 0], 1),
            (0x0E, [0x40, 0, 0, 0, 0, 0, 0, 0], 2),
        ]
        for (type, payload, value) in types {
            let table = try IDX.samples(Made.idx(type: type, dimensions: [1], payload: payload), path: "x")
            #expect(table.numbers == .float32([value]))
        }
    }

    @Test func idxSaysWhatIsWrong() {
        #expect(code { try IDX.samples([1, 2, 3, 4], path: "x") } == .malformedHeader)
        #expect(code { try IDX.samples(Made.idx(dimensions: [4], payload: [1]), path: "x") } == .truncated)
        #expect(code { try IDX.samples(Made.idx(dimensions: [1], payload: [1, 2]), path: "x") } == .trailingBytes)
        #expect(code { try IDX.samples(Made.idx(dimensions: [0], payload: []), path: "x") } == .wrongShape)
        let huge = Made.idx(dimensions: [.max, .max, .max, .max], payload: [])
        #expect(code { try IDX.samples(huge, path: "x") } == .tooLarge)
        let notANumber = Made.idx(type: 0x0D, dimensions: [1], payload: [0x7F, 0xC0, 0, 0])
        #expect(code { try IDX.samples(notANumber, path: "x") } == .notFinite)
    }

    @Test func npySaysWhatIsWrong() {
        func file(_ header: String, _ payload: [UInt8]) -> [UInt8] {
            [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + payload
        }
        func described(_ type: String, _ order: String, _ shape: String) -> String {
            "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }"
        }
        let cases: [(String, [UInt8], DataError.Code)] = [
            ("{}", [], .malformedHeader), (described("<c8", "False", "(1,)"), [], .unsupportedType),
            (described("<U4", "False", "(1,)"), [], .unsupportedType),
            (described("|u1", "False", "(2,)"), [1], .truncated),
            (described("|u1", "False", "(1,)"), [1, 2], .trailingBytes),
            (described("|u1", "False", "(99999999999999999999,)"), [], .wrongShape),
            (described("|u1", "False", "()"), [1], .wrongShape),
        ]
        for (header, payload, expected) in cases {
            #expect(code { try NPY.samples(file(header, payload), path: "x") } == expected, "\(header)")
        }
    }

    @Test func safetensorsRoundTrip() throws {
        let data = Made.weights.encoded()
        #expect(try Safetensors(decoding: [UInt8](data), path: "x") == Made.weights)
        #expect(Made.weights.encoded() == data)
        #expect((data[0] + 8) % 8 == 0)
    }

    /// Through Float, 16777217 would be 16777216 and 1.00000001 would be 1.
    @Test func labelsAreReadExactly() throws {
        let one = [UInt8](NPY.encode(labels: [16_777_217]))
        #expect(try NPY.labels(one, path: "x") == [16_777_217])
        func wide(_ value: Int64) -> [UInt8] {
            let text = String(decoding: one.dropLast(4), as: Unicode.ASCII.self)
            #expect(text.contains("<i4"))
            let header = one.dropLast(4).map { $0 == UInt8(ascii: "4") ? UInt8(ascii: "8") : $0 }
            return header + withUnsafeBytes(of: value.littleEndian) { Array($0) }
        }
        #expect(try NPY.labels(wide(16_777_217), path: "x") == [16_777_217])
        #expect(code { try NPY.labels(wide(1 << 32 + 1), path: "x") } == .outOfRange)
        func idx(_ value: Double) -> [UInt8] {
            Made.idx(
                type: 0x0E, dimensions: [1], payload: withUnsafeBytes(of: value.bitPattern.bigEndian) { Array($0) })
        }
        #expect(try IDX.labels(idx(3), path: "x") == [3])
        for value in [1.000_000_01, -1, .nan, .infinity, 1e10] {
            #expect(code { try IDX.labels(idx(value), path: "x") } == .outOfRange)
        }
    }

    @Test func npyOfEitherByteOrder() throws {
        let little = [UInt8](NPY.encode(Made.floats))
        let start = little.count - Made.floats.numbers.count * 4
        var big = little[..<start].map { $0 == UInt8(ascii: "<") ? UInt8(ascii: ">") : $0 }
        for place in stride(from: start, to: little.count, by: 4) { big += little[place..<place + 4].reversed() }
        #expect(try NPY.samples(big, path: "x") == Made.floats)
    }

    @Test func safetensorsSaysWhatIsWrong() {
        func file(_ header: String, payload: Int, length: Int? = nil) -> [UInt8] {
            let size = UInt64(length ?? header.utf8.count)
            return withUnsafeBytes(of: size.littleEndian) { Array($0) } + Array(header.utf8)
                + [UInt8](repeating: 0, count: payload)
        }
        func tensor(_ type: String, _ shape: String, _ offsets: String) -> String {
            "{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
        }
        let one = tensor("F32", "[1]", "[0,4]")
        let cases: [([UInt8], DataError.Code)] = [
            ([1, 2], .truncated), (file("{}", payload: 0, length: 1 << 40), .malformedHeader),
            (file("{}", payload: 0, length: 1_000), .truncated), (file("{]", payload: 0), .malformedHeader),
            (file("{\"a\":\(tensor("F16", "[1]", "[0,2]"))}", payload: 2), .unsupportedType),
            (file("{\"a\":\(tensor("F32", "[1]", "[0,8]"))}", payload: 8), .wrongShape),
            (file("{\"a\":\(tensor("F32", "[9223372036854775807,4]", "[0,8]"))}", payload: 8), .wrongShape),
            (file("{\"a\":\(tensor("F32", "[-1]", "[0,4]"))}", payload: 4), .wrongShape),
            (file("{\"a\":\(tensor("F32", "[1]", "[4,8]"))}", payload: 4), .offsetOutOfRange),
            (file("{\"a\":\(tensor("F32", "[1]", "[4,8]"))}", payload: 8), .gapBetweenTensors),
            (file("{\"a\":\(one),\"b\":\(one)}", payload: 4), .overlappingTensors),
            (file("{\"a\":\(one)}", payload: 5), .trailingBytes),
            (file("{\"a\":\(one),\"a\":\(one)}", payload: 4), .duplicateName),
            (file("{\"a\":\(one),\"\\u0061\":\(one)}", payload: 4), .duplicateName),
            (file("{\"a\":{\"b\":\"c\"}}", payload: 0), .malformedHeader),
        ]
        for (index, (bytes, expected)) in cases.enumerated() {
            #expect(code { try Safetensors(decoding: bytes, path: "x") } == expected, "case \(index)")
        }
    }

    @Test func namesFromFilesCannotSteerATerminal() {
        let header =
            "{\"\\u001b[2J\\u202e\(String(repeating: "n", count: 500))\":"
            + "{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]}}"
        let bytes =
            withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8) + [0, 0]
        let error = #expect(throws: DataError.self) { try Safetensors(decoding: bytes, path: "x\u{7}") }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("x\\u{7}: tensor '\\u{1b}[2J\\u{202e}nnn"))
        #expect(text.utf8.allSatisfy { $0 >= 32 })
        #expect(text.count < 250)
    }

    /// Every file cut anywhere, and thousands of files with a few bytes changed: an error or a table, never a crash.
    @Test func damagedFilesAreRefusedOrRead() {
        let idx = Made.idx(dimensions: [3, 2], payload: [1, 2, 3, 4, 5, 6])
        let npy = [UInt8](NPY.encode(Made.floats))
        let weights = [UInt8](Made.weights.encoded())
        let readers: [([UInt8], ([UInt8]) throws -> Void)] = [
            (idx, { _ = try IDX.samples($0, path: "x") }), (npy, { _ = try NPY.samples($0, path: "x") }),
            (weights, { _ = try Safetensors(decoding: $0, path: "x") }),
        ]
        var random = Philox(key: 77, stream: 0)
        for (whole, read) in readers {
            for end in whole.indices {
                #expect(throws: DataError.self) { try read(Array(whole[0..<end])) }
            }
            var refused = 0
            for _ in 0..<3_000 {
                var mutant = whole
                for _ in 0...random.next(below: 3) {
                    mutant[random.next(below: mutant.count)] = UInt8(truncatingIfNeeded: random.nextBits())
                }
                do { try read(mutant) } catch { refused += 1 }
            }
            #expect(refused > 100)
        }
    }
}
