import Foundation
import Testing

@Suite struct DataTests {
    private func inspect(_ bytes: [UInt8], _ options: [String] = []) throws -> Cairn.Ended {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        try Data(bytes).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try Cairn.run(["data", "inspect", path] + options)
    }

    @Test func labelsAreCounted() throws {
        let bytes: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 4, 1, 0, 1, 7]
        let ended = try inspect(bytes)
        #expect(ended.status == 0)
        #expect(ended.output.contains("format   IDX, 12 bytes on disk\nsamples  4\n"))
        #expect(ended.output.contains("classes  3\n  0: 1\n  1: 2\n  7: 1\n"))
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(inspect(bytes, ["--json"]).output.utf8)) as? [String: Any])
        #expect(json["format"] as? String == "IDX")
        #expect(json["samples"] as? Int == 4)
        #expect(json["maximum"] as? Double == 7)
    }

    @Test func aColumnCanHaveTheLabels() throws {
        let ended = try inspect(Array("a,b\n0.5,1\n2,1\n".utf8), ["--label-column", "b"])
        #expect(ended.status == 0)
        #expect(ended.output.contains("columns  a\nclasses  1\n  1: 2\n"))
    }

    /// One line, on standard error, that says what is wrong; exit code 1.
    @Test(
        arguments: [
            ([0, 0, 8, 1, 0, 0, 0, 4, 1, 0], "its header says that 4 bytes of numbers follow; 2 do"),
            (Array("1,2\n3,word\n".utf8), "1 cell is no number: column 2 has 1, line 2: 'word'"),
            ([0xFF, 0xD8, 0xFF, 0xE0], "this is one picture"), ([0, 1, 2], "this is neither IDX, NPY, NPZ nor text"),
        ] as [([UInt8], String)]) func badInputIsOneLine(bytes: [UInt8], expected: String) throws
    {
        try expectOneLine(inspect(bytes), expected)
    }

    @Test func aPictureOfAnotherSizeIsNamed() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // One grey pixel, and two beside each other.
        let pictures = [
            ("a.png", "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGPgBAAACwAKwyvukgAAAABJRU5ErkJggg=="),
            ("b.png", "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAC0lEQVR4nGPg5AQAAB4AE+sZciUAAAAASUVORK5CYII="),
        ]
        for (name, text) in pictures {
            try #require(Data(base64Encoded: text)).write(to: folder.appending(path: name))
        }
        let ended = try Cairn.run(["data", "inspect", folder.path])
        try expectOneLine(ended, "'b.png': its shape [1, 2] is not the [1, 1] of the first image, 'a.png'")
    }

    private func expectOneLine(_ ended: Cairn.Ended, _ expected: String) throws {
        #expect(ended.status == 1)
        #expect(ended.output == "")
        #expect(ended.errors.contains(expected), "\(ended.errors)")
        #expect(ended.errors.hasPrefix("Error: "))
        #expect(ended.errors.split(separator: "\n").count == 1)
    }
}
