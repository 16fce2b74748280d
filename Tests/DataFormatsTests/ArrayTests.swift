import DataFormats
import Foundation
import Testing

/// Arrays as NumPy writes them: every type of number, both orders, several in one NPZ file.
@Suite struct ArrayTests {
    /// An NPY file of version 1.
    private func npy(_ type: String, _ shape: String, isColumnMajor: Bool = false, _ payload: [UInt8]) -> [UInt8] {
        let order = isColumnMajor ? "True" : "False"
        let header = "{'descr': '\(type)', 'fortran_order': \(order), 'shape': (\(shape)), }\n"
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + payload
    }

    private func bytes<Value: FixedWidthInteger>(_ values: [Value], isBig: Bool = false) -> [UInt8] {
        values.flatMap { value in
            withUnsafeBytes(of: isBig ? value.bigEndian : value.littleEndian) { Array($0) }
        }
    }

    private func with<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        try Made.folder { folder in
            let path = folder.appending(path: "x").path
            try Data(bytes).write(to: URL(filePath: path))
            return try body(path)
        }
    }

    /// All rows, read one by one from the last to the first, put in order.
    private func rows(_ path: String) throws -> [Float] {
        let rows = try SampleFile.rows(path)
        var values: [Float] = []
        for row in (0..<Int32(rows.count)).reversed() {
            try rows.forEachPart(of: [row]) { part in
                let numbers = rows.type == .uint8 ? part.map { Float($0) } : Array(part.bindMemory(to: Float.self))
                values = numbers + values
            }
        }
        return values
    }

    private func numbers(_ table: SampleTable) -> [Float] {
        switch table.numbers {
        case .uint8(let values): values.map { Float($0) }
        case .float32(let values): values
        }
    }

    @Test(arguments: [false, true]) func everyTypeInEitherByteOrder(isBig: Bool) throws {
        let sign = isBig ? ">" : "<"
        let halves: [UInt16] = [0x3C00, 0xC000, 0x0001, 0x7BFF]
        let types: [(String, [UInt8], [Float])] = [
            ("|b1", [0, 1, 1, 0], [0, 1, 1, 0]), ("|u1", [0, 1, 2, 255], [0, 1, 2, 255]),
            ("|i1", [0, 1, 255, 128], [0, 1, -1, -128]),
            ("\(sign)u2", bytes([0, 1, 2, 65_535] as [UInt16], isBig: isBig), [0, 1, 2, 65_535]),
            ("\(sign)i2", bytes([0, 1, -1, -32_768] as [Int16], isBig: isBig), [0, 1, -1, -32_768]),
            ("\(sign)u4", bytes([0, 1, 2, 4_294_967_295] as [UInt32], isBig: isBig), [0, 1, 2, 4_294_967_296]),
            ("\(sign)i4", bytes([0, 1, -1, 16_777_216] as [Int32], isBig: isBig), [0, 1, -1, 16_777_216]),
            ("\(sign)u8", bytes([0, 1, 2, 1 << 63] as [UInt64], isBig: isBig), [0, 1, 2, 0x1p63]),
            ("\(sign)i8", bytes([0, 1, -1, -1 << 40] as [Int64], isBig: isBig), [0, 1, -1, -0x1p40]),
            ("\(sign)f2", bytes(halves, isBig: isBig), [1, -2, 0x1p-24, 65_504]),
            ("\(sign)f4", bytes([1.5, -2, 0, 3].map { Float($0).bitPattern }, isBig: isBig), [1.5, -2, 0, 3]),
            ("\(sign)f8", bytes([1.5, -2, 0, 0.1].map { Double($0).bitPattern }, isBig: isBig), [1.5, -2, 0, 0.1]),
        ]
        for (type, payload, expected) in types {
            let file = npy(type, "2, 2", payload)
            #expect(numbers(try NPY.samples(file, path: "x")) == expected, "\(type)")
            try with(file) { path throws in #expect(try rows(path) == expected, "\(type)") }
        }
    }

    @Test func halvesThatAreNotFiniteAreRefused() {
        for bits: UInt16 in [0x7C00, 0xFC00, 0x7E00] {
            #expect(code { try NPY.samples(npy("<f2", "1, 1", bytes([bits])), path: "x") } == .notFinite)
        }
    }

    /// Wherever they are, and however the file is read: counted, with the first three.
    @Test func allNumbersThatAreNotFiniteAreCounted() throws {
        var values = [Float](repeating: 1, count: 12)
        for place in [1, 3, 8, 11] { values[place] = place == 8 ? .infinity : .nan }
        let file = npy("<f4", "6, 2", bytes(values.map(\.bitPattern)))
        let expected =
            "4 of its numbers are not finite as float32: sample 1, number 2; sample 2, number 2; sample 5, number 1"
        for isPacked in [false, true] {
            try with(isPacked ? [UInt8](Made.gzipped(file)) : file) { path throws in
                let table = #expect(throws: DataError.self) { try SampleFile.samples(path) }
                let described = #expect(throws: DataError.self) { try SampleFile.describe(path) }
                for error in [table, described] {
                    #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
                }
            }
        }
    }

    /// `DataFrame.values` lies column by column. Shapes of up to three dimensions, any of them 1.
    @Test(arguments: [[5], [4, 3], [1, 3], [3, 1], [3, 2, 4], [2, 1, 3], [1, 1, 1]])
    func columnsOneBehindTheOtherAreTurned(shape: [Int]) throws {
        let count = shape.reduce(1, *)
        // The number at each place says which place it is, in C order.
        var stored = [Float](repeating: 0, count: count)
        for place in 0..<count {
            var (rest, step, target) = (place, count, 0)
            for dimension in shape.reversed() {
                step /= dimension
                target += rest % dimension * step
                rest /= dimension
            }
            stored[target] = Float(place)
        }
        let text = shape.map { "\($0)," }.joined()
        let file = npy("<f4", text, isColumnMajor: true, bytes(stored.map(\.bitPattern)))
        let expected = (0..<count).map { Float($0) }
        #expect(numbers(try NPY.samples(file, path: "x")) == expected)
        try with(file) { path throws in
            #expect(try rows(path) == expected)
            let first = try SampleFile.samples(path, ReadingOptions(limit: 1))
            #expect(numbers(first) == Array(expected.prefix(count / shape[0])))
        }
    }

    @Test func aStructuredArrayIsNamed() {
        let header = "{'descr': [('a', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': (2,), }\n"
        let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
        let error = #expect(throws: DataError.self) { try NPY.samples(bytes, path: "x") }
        #expect(error?.description.contains("structured array") == true)
    }

    @Test(arguments: ["<i8", "<u8", "<i4", "<f8"]) func digitsThatFloat32LosesAreSaid(type: String) throws {
        let large: [UInt8] =
            switch type {
            case "<i8": bytes([1, 1_700_000_000_123, 2, 5] as [Int64])
            case "<u8": bytes([1, 1_700_000_000_123, 2, 5] as [UInt64])
            case "<i4": bytes([1, 123_456_789, 2, 5] as [Int32])
            default: bytes([1, 16_777_217, 2, 5].map { Double($0).bitPattern })
            }
        for isPacked in [false, true] {
            let file = npy(type, "2, 2", large)
            try with(isPacked ? [UInt8](Made.gzipped(file)) : file) { path throws in
                let remarks = try SampleFile.describe(path).remarks ?? []
                #expect(remarks.count == 1 && remarks[0].contains("column 2 has numbers such as"), "\(remarks)")
                #expect(remarks[0].contains("of which float32 keeps 7 digits"))
            }
        }
        try with(npy("<i8", "2, 2", bytes([1, 2, -3, 16_777_216] as [Int64]))) { path throws in
            #expect(try SampleFile.describe(path).remarks == nil)
        }
    }
}

/// NPZ files: ZIP archives of NPY files.
@Suite struct NPZTests {
    private struct Member {
        var name: String
        var bytes: [UInt8]
        var isDeflated = false
    }

    /// A ZIP archive (PKWARE, APPNOTE.TXT, section 4.3).
    ///
    /// - Parameter change: of a member's packed bytes.
    private func archive(_ members: [Member], change: (inout [UInt8]) -> Void = { _ in }) throws -> [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
        var (file, list) = ([UInt8](), [UInt8]())
        for member in members {
            // gzip deflates and sums up: header of 10 bytes and the name, then the data, CRC-32 and the size.
            let packed = [UInt8](try Made.gzipped(member.bytes))
            let start = 10 + (packed[3] & 8 == 0 ? 0 : packed[10...].prefix { $0 != 0 }.count + 1)
            let sum = Array(packed.suffix(8).prefix(4))
            var payload = member.isDeflated ? Array(packed[start..<packed.count - 8]) : member.bytes
            let count = payload.count
            change(&payload)
            let fields =
                little(20, 2) + little(0, 2) + little(member.isDeflated ? 8 : 0, 2) + little(0, 4) + sum
                + little(count, 4) + little(member.bytes.count, 4) + little(member.name.utf8.count, 2) + little(0, 2)
            list +=
                [0x50, 0x4B, 1, 2] + little(20, 2) + fields + little(0, 10) + little(file.count, 4)
                + Array(member.name.utf8)
            file += [0x50, 0x4B, 3, 4] + fields + Array(member.name.utf8) + payload
        }
        let end =
            [0x50, 0x4B, 5, 6] + little(0, 4) + little(members.count, 2) + little(members.count, 2)
            + little(list.count, 4) + little(file.count, 4) + little(0, 2)
        return file + list + end
    }

    private func with<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        try Made.folder { folder in
            let path = folder.appending(path: "x.npz").path
            try Data(bytes).write(to: URL(filePath: path))
            return try body(path)
        }
    }

    private let floats = [UInt8](NPY.encode(Made.floats))
    private let labels = [UInt8](NPY.encode(labels: [1, 0]))

    @Test(arguments: [false, true]) func theOnlyArrayIsRead(isDeflated: Bool) throws {
        let file = try archive([Member(name: "x.npy", bytes: floats, isDeflated: isDeflated)])
        try with(file) { path throws in
            #expect(try SampleFile.samples(path).numbers == Made.floats.numbers)
            #expect(try SampleFile.describe(path).format == "NPZ")
            #expect(try SampleFile.header(path).count == 2)
        }
    }

    @Test(arguments: [false, true]) func ofSeveralOneIsNamed(isDeflated: Bool) throws {
        let file = try archive([
            Member(name: "x.npy", bytes: floats, isDeflated: isDeflated),
            Member(name: "y.npy", bytes: labels, isDeflated: isDeflated),
        ])
        try with(file) { path throws in
            let unnamed = #expect(throws: DataError.self) { try SampleFile.samples(path) }
            #expect(unnamed?.description.contains("it has 2 arrays: x, y") == true, "\(String(describing: unnamed))")
            let foreign = #expect(throws: DataError.self) { try SampleFile.samples(path, ReadingOptions(array: "z")) }
            #expect(foreign?.description.contains("no array 'z'; its arrays are x, y") == true)
            #expect(try SampleFile.samples(path, ReadingOptions(array: "x")).numbers == Made.floats.numbers)
            #expect(try SampleFile.labels(path, ReadingOptions(array: "y")).indices == [1, 0])
        }
    }

    @Test(arguments: [false, true]) func aBitThatChangedIsSeen(isDeflated: Bool) throws {
        let file = try archive([Member(name: "x.npy", bytes: floats, isDeflated: isDeflated)]) { packed in
            packed[packed.count - 6] ^= 4
        }
        try with(file) { path throws in
            #expect(throws: DataError.self) { try SampleFile.samples(path) }
            #expect(throws: DataError.self) { try SampleFile.rows(path) }
        }
    }

    @Test func everyTruncationIsRefused() throws {
        let file = try archive([Member(name: "x.npy", bytes: floats, isDeflated: true)])
        try Made.folder { folder in
            let path = folder.appending(path: "x.npz").path
            for count in 4..<file.count {
                try Data(file.prefix(count)).write(to: URL(filePath: path))
                #expect(throws: DataError.self) { try SampleFile.samples(path) }
            }
        }
    }

    @Test func whatIsNoArchiveOfArraysIsNamed() throws {
        let workbook = [Member(name: "xl/workbook.xml", bytes: [60]), Member(name: "a", bytes: [1])]
        try with(archive(workbook)) { path throws in
            let error = #expect(throws: DataError.self) { try SampleFile.samples(path) }
            #expect(error?.description.contains("Excel workbook") == true)
        }
        try with(archive([Member(name: "a.txt", bytes: [60])])) { path throws in
            let error = #expect(throws: DataError.self) { try SampleFile.samples(path) }
            #expect(error?.description.contains("ZIP archive without arrays") == true)
        }
    }
}
