import DataFormats
import Foundation
import Testing

/// Rows that were unpacked on the way are those of the file, in any order, whether or not they stay in memory.
@Suite struct SpooledRowsTests {
    /// - Returns: the rows `places`.
    private func read(_ rows: SampleRows, _ places: [Int32]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try rows.forEachPart(of: places[...]) { bytes += $0 }
        return bytes
    }

    @Test(arguments: [10, 9_000]) func packedArraysInAnyOrder(count: Int) throws {
        let size = 4_000
        var values = [UInt8](repeating: 0, count: count * size)
        for row in 0..<count {
            values[row * size] = UInt8(row % 251)
            values[(row + 1) * size - 1] = UInt8(row / 251)
        }
        let table = SampleTable(count: count, sampleShape: [size], numbers: .uint8(values))
        try Made.folder { folder in
            let file = folder.appending(path: "a")
            try Made.gzipped([UInt8](NPY.encode(table))).write(to: file)
            let rows = try SampleFile.rows(file.path)
            #expect((rows.count, rows.size, rows.elementType) == (count, size, "uint8"))
            for places in [[Int32(count - 1), 0, 5, 4], (2..<8).map { Int32($0) }] {
                let expected = places.flatMap { values[Int($0) * size..<(Int($0) + 1) * size] }
                #expect(try read(rows, places) == expected)
            }
            #expect(try SampleFile.rows(file.path, ReadingOptions(limit: 3)).count == 3)
        }
    }

    @Test func textAndImagesGiveTheSameRowsAsInMemory() throws {
        try Made.folder { folder in
            let file = folder.appending(path: "a.csv")
            let text = "a,b\n" + (0..<50).map { "\($0 * $0),-\($0).5\n" }.joined()
            try Data(text.utf8).write(to: file)
            let (rows, table) = (try SampleFile.rows(file.path), try SampleFile.samples(file.path))
            #expect(rows.columns == ["a", "b"])
            let all = try read(rows, (0..<50).map { Int32($0) })
            #expect(all.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) } == floats(table))
            let images = folder.appending(path: "images")
            try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
            for index in 0..<3 {
                try PNG.encode(width: 2, height: 1, channels: 1, pixels: [UInt8(index), 9])
                    .write(to: images.appending(path: "\(index).png"))
            }
            #expect(try read(SampleFile.rows(images.path), [2, 0]) == [2, 9, 0, 9])
        }
    }

    private func floats(_ table: SampleTable) -> [Float] {
        if case .float32(let values) = table.numbers { values } else { [] }
    }

    @Test func samplesThatAreAllAlikeAreTold() throws {
        try Made.folder { folder in
            let file = folder.appending(path: "a.csv")
            try Data("1,2\n1,2\n1,2\n".utf8).write(to: file)
            #expect(try SampleFile.rows(file.path).areAllAlike())
            try Data("1,2\n1,2\n1,3\n".utf8).write(to: file)
            #expect(try !SampleFile.rows(file.path).areAllAlike())
        }
    }

    /// A packed array that ends too early, or goes on, is refused part by part as well.
    @Test func packedArraysAreAsLongAsTheySay() throws {
        let whole = [UInt8](NPY.encode(SampleTable(count: 9, sampleShape: [3], numbers: .uint8(Array(0..<27)))))
        try Made.folder { folder in
            let file = folder.appending(path: "a")
            try Made.gzipped(Array(whole.dropLast())).write(to: file)
            #expect(code { try SampleFile.rows(file.path) } == .truncated)
            try Made.gzipped(whole + [0]).write(to: file)
            #expect(code { try SampleFile.rows(file.path) } == .trailingBytes)
        }
    }
}
