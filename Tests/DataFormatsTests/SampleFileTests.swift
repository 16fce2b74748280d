import DataFormats
import Foundation
import Testing

@Suite struct SampleFileTests {
    private func with<Result>(_ bytes: Data, _ body: (String) throws -> Result) throws -> Result {
        try Made.folder { folder in
            // The name says nothing: contents decide.
            let path = folder.appending(path: "file.dat").path
            try bytes.write(to: URL(filePath: path))
            return try body(path)
        }
    }

    @Test(arguments: [false, true]) func contentsDecide(isPacked: Bool) throws {
        let idx = SampleTable(count: 2, sampleShape: [2], numbers: .uint8([1, 2, 3, 4]))
        let csv = SampleTable(count: 2, sampleShape: [2], numbers: .float32([1, 2, 3, 4]))
        let files: [([UInt8], SampleTable)] = [
            (Made.idx(dimensions: [2, 2], payload: [1, 2, 3, 4]), idx), ([UInt8](NPY.encode(Made.floats)), Made.floats),
            (Array("a;b\n1;2\n3;4\n".utf8), csv),
        ]
        for (bytes, table) in files {
            let file = isPacked ? try Made.gzipped(bytes) : Data(bytes)
            try with(file) { path throws in
                #expect(try SampleFile.samples(path) == table)
                #expect(try SampleFile.samples(path, ReadingOptions(limit: 1)).count == 1)
                #expect(try SampleFile.describe(path).isGzipped == isPacked)
            }
        }
    }

    /// Without reading the rest.
    @Test func theBeginningSaysHowManySamplesThereAre() throws {
        try with(NPY.encode(Made.floats)) { path throws in
            #expect(try SampleFile.header(path) == SampleHeader(count: 2, sampleShape: [3], numberBytes: 4))
        }
        let line = "1.5,2.5,3.5\n"
        let text = "a,b,y\n" + String(repeating: line, count: 30_000) + "x,y\n"
        for isPacked in [false, true] {
            try with(isPacked ? Made.gzipped(Array(text.utf8)) : Data(text.utf8)) { path throws in
                let header = try SampleFile.header(path, ReadingOptions(without: ["y"]))
                #expect(header.sampleShape == [2] && header.numberBytes == 4 && header.isEstimate)
                #expect(isPacked ? header.count > 0 : (29_000...31_000).contains(header.count), "\(header.count)")
            }
        }
        try Made.folder { folder throws in
            for name in ["b.png", "c.png"] {
                try Data([0]).write(to: folder.appending(path: name))
            }
            #expect(code { try SampleFile.header(folder.path) } != nil)
            let image = PNG.encode(width: 3, height: 2, channels: 1, pixels: [0, 1, 2, 3, 4, 5])
            try image.write(to: folder.appending(path: "a.png"))
            #expect(
                try SampleFile.header(folder.path) == SampleHeader(count: 3, sampleShape: [2, 3], numberBytes: 1))
        }
    }

    @Test func whatIsNoSamplesIsRefused() throws {
        let picture = PNG.encode(width: 1, height: 1, channels: 1, pixels: [0])
        for bytes in [picture, Made.weights.encoded(), Data([0, 0, 8]), Data([0, 0, 7, 1, 2])] {
            try with(bytes) { path in
                #expect(code { try SampleFile.samples(path) } == .unknownFormat)
                #expect(code { try SampleFile.labels(path) } == .unknownFormat)
            }
        }
        try with(NPY.encode(labels: [1])) { path in
            #expect(code { try SampleFile.samples(path, ReadingOptions(without: ["x"])) } == .unknownFormat)
            #expect(code { try SampleFile.labels(path, column: "x") } == .unknownFormat)
            #expect(code { try SampleFile.folderLabels(path) } == .unknownFormat)
        }
        #expect(code { try SampleFile.samples("/nowhere") } == .notFound)
    }

    @Test func labelsAreDescribedByTheirCounts() throws {
        try with(NPY.encode(labels: [3, 0, 3])) { path in
            let found = try SampleFile.describe(path)
            #expect(found.format == "NPY")
            #expect(found.elementType == "int32")
            #expect(found.samples == 3)
            #expect(found.sampleShape == [])
            #expect((found.minimum, found.maximum, found.mean) == (0, 3, 2))
            #expect(found.classes?.map(\.name) == ["0", "3"])
            #expect(found.classes?.map(\.count) == [1, 2])
        }
        try with(Data("x,y\n0.5,1\n1.5,1\n".utf8)) { path in
            let found = try SampleFile.describe(path, labelColumn: "y")
            #expect(found.columns == ["x"])
            #expect(found.sampleShape == [1])
            #expect(found.mean == 1)
            #expect(found.classes?.map(\.count) == [2])
            #expect(try SampleFile.describe(path).classes == nil)
        }
    }
}
