import DataFormats
import Foundation
import Testing

/// Rows read where they lie, and files that are mapped.
@Suite struct SampleRowsTests {
    /// Files of six rows in every type, by their names.
    private static let files: [(name: String, bytes: [UInt8])] = {
        let types: [(UInt8, Int)] = [(0x08, 1), (0x09, 1), (0x0B, 2), (0x0C, 4), (0x0D, 4), (0x0E, 8)]
        let idx = types.map { type, bytes -> (String, [UInt8]) in
            // No exponent of all ones: every number is finite.
            let payload = (0..<6 * 2 * 2 * bytes).map { UInt8(truncatingIfNeeded: $0 * 41) & (type > 0x0C ? 63 : 255) }
            return ("idx \(type)", Made.idx(type: type, dimensions: [6, 2, 2], payload: payload))
        }
        let floats = SampleTable(count: 6, sampleShape: [4], numbers: .float32((0..<24).map { Float($0) / 7 }))
        return idx + [("npy", [UInt8](NPY.encode(floats)))]
    }()

    private func with<Result>(_ bytes: some Collection<UInt8>, _ body: (String) throws -> Result) throws -> Result {
        try Made.folder { folder in
            let path = folder.appending(path: "file").path
            try Data(bytes).write(to: URL(filePath: path))
            return try body(path)
        }
    }

    private func bytes(_ rows: SampleRows, _ places: [Int32]) throws -> [UInt8] {
        var all: [UInt8] = []
        try rows.forEachPart(of: places[...]) { all += $0 }
        return all
    }

    private func bytes(_ table: SampleTable, _ places: [Int32]) throws -> [UInt8] {
        try bytes(SampleRows(table), places)
    }

    @Test(arguments: files.indices) func aFileGivesWhatMemoryGives(index: Int) throws {
        try with(Self.files[index].bytes) { path in
            let (rows, table) = (try SampleFile.rows(path), try SampleFile.samples(path))
            #expect((rows.count, rows.sampleShape) == (table.count, table.sampleShape))
            for places: [Int32] in [[0, 1, 2, 3, 4, 5], [5, 3, 3, 4, 0], [2], []] {
                #expect(try bytes(rows, places) == bytes(table, places))
            }
            #expect(try SampleFile.rows(path, ReadingOptions(limit: 4)).count == 4)
        }
    }

    @Test func gzipAndTextAreReadIntoMemory() throws {
        let packed = try Made.gzipped(Self.files[0].bytes)
        let table = try with(Self.files[0].bytes) { try SampleFile.samples($0) }
        try with(packed) { path in
            let rows = try SampleFile.rows(path)
            try FileManager.default.removeItem(atPath: path)
            #expect(try bytes(rows, [4, 1]) == bytes(table, [4, 1]))
        }
        try with("1,2\n3,4\n".utf8) { path throws in
            let table = try CSV.samples(Array("1,2\n3,4\n".utf8), path: "x")
            #expect(try bytes(SampleFile.rows(path), [1, 0]) == bytes(table, [1, 0]))
        }
    }

    @Test func moreThanABufferIsHandedOverInParts() throws {
        let table = SampleTable(
            count: 3, sampleShape: [1 << 19], numbers: .uint8((0..<3 << 19).map { UInt8($0 % 251) }))
        try with(NPY.encode(table)) { path in
            var parts: [Int] = []
            try SampleFile.rows(path).forEachPart(of: [2, 0, 1]) { parts.append($0.count) }
            #expect(parts == [1 << 20, 1 << 19])
            #expect(try bytes(SampleFile.rows(path), [2, 0, 1]) == bytes(table, [2, 0, 1]))
        }
    }

    @Test func whatIsWrongIsFoundWhenItIsRead() throws {
        let header = NPY.header(.float32, count: 2, size: 2)
        let numbers: [Float] = [1, 2, .nan, 4]
        try with(header + numbers.withUnsafeBytes { Data($0) }) { path in
            let rows = try SampleFile.rows(path)
            #expect(try bytes(rows, [0]).count == 8)
            let error = #expect(throws: DataError.self) { try bytes(rows, [1, 0]) }
            #expect(error?.code == .notFinite)
            #expect(error?.message.contains("1 of its numbers is not finite as float32: sample 2, number 1") == true)
            #expect(truncate(path, off_t(header.count + 4)) == 0)
            #expect(code { try bytes(rows, [0]) } == .truncated)
            #expect(code { try SampleFile.rows(path) } == .truncated)
        }
        try with(Self.files[0].bytes + [0]) { path in #expect(code { try SampleFile.rows(path) } == .trailingBytes) }
    }

    // MARK: Mapped

    @Test func aMappedFileIsWhatWasWritten() throws {
        for table in [Made.bytes, Made.floats] {
            try with(NPY.encode(table)) { path in
                let mapped = try MappedSamples(path)
                // The name may go: the bytes stay with the last reference.
                try FileManager.default.removeItem(atPath: path)
                #expect((mapped.count, mapped.size) == (table.count, table.size))
                mapped.file.expectUse()
                let all = Array(mapped.file.bytes.buffer[mapped.offset...])
                #expect(try all == bytes(table, Array(0..<Int32(table.count))))
            }
        }
    }

    @Test func onlyWholeFilesAreMapped() throws {
        let whole = NPY.encode(Made.bytes)
        for length in 0..<whole.count {
            try with(whole.prefix(length)) { path in
                _ = #expect(throws: DataError.self) { try MappedSamples(path) }
            }
        }
        try with(whole + [0]) { path in #expect(code { try MappedSamples(path) } == .trailingBytes) }
        try with(NPY.encode(labels: [1, 2])) { path in #expect(code { try MappedSamples(path) } == .unsupportedType) }
        try with(Made.gzipped([UInt8](whole))) { path in #expect(code { try MappedSamples(path) } == .unknownFormat) }
        #expect(code { try MappedSamples("/nowhere") } == .notFound)
        #expect(code { try MappedFile("/tmp") } == .unreadable)
    }

    // MARK: Written piece by piece

    @Test func aFileGetsItsNameWhenItIsWhole() throws {
        try Made.folder { folder in
            let path = folder.appending(path: "file").path
            func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path) }
            for isKept in [false, true] {
                let writer = try FileWriter(beside: path)
                try [UInt8]([0, 0, 3]).withUnsafeBytes { try writer.append($0) }
                try [UInt8]([4]).withUnsafeBytes { try writer.append($0) }
                try [UInt8]([1, 2]).withUnsafeBytes { try writer.replaceStart($0) }
                #expect(try names().allSatisfy { $0.hasSuffix(FileWriter.unfinishedSuffix) })
                if isKept { try writer.keep(as: path) }
            }
            #expect(try names() == ["file"])
            #expect(try FileBytes.read(path) == [1, 2, 3, 4])
        }
    }
}
