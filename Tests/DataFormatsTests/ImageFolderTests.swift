import DataFormats
import Foundation
import Testing

@Suite struct ImageFolderTests {
    /// Numbers too are names there: another order would give the classes other numbers than they have always had.
    @Test func classesOfFoldersStandInTheOrderOfTheirBytes() throws {
        try Made.folder { folder in
            for name in ["0", "1", "2", "10"] {
                let below = folder.appending(path: name)
                try FileManager.default.createDirectory(at: below, withIntermediateDirectories: true)
                try Data(ImageTests.png(4, 4)).write(to: below.appending(path: "a.png"))
            }
            let labels = try SampleFile.folderLabels(folder.path)
            #expect(labels.names == ["0", "1", "10", "2"])
            #expect(labels.indices == [0, 1, 2, 3])
        }
    }

    @Test func imagesComeInTheOrderOfTheirNames() throws {
        try Made.folder { folder in
            // "B" comes before "a", and "10" before "9": bytes, not a language's rules.
            for (index, name) in ["10.png", "9.png", "B.png", "a.png", ".hidden"].enumerated() {
                let bytes = PNG.encode(width: 2, height: 1, channels: 1, pixels: [UInt8(index), 0])
                try bytes.write(to: folder.appending(path: name))
            }
            let table = try SampleFile.samples(folder.path)
            #expect(table.sampleShape == [1, 2])
            #expect(table.numbers == .uint8([0, 0, 1, 0, 2, 0, 3, 0]))
            #expect(try SampleFile.samples(folder.path, ReadingOptions(limit: 2)).numbers == .uint8([0, 0, 1, 0]))
            #expect(code { try SampleFile.folderLabels(folder.path) } == .wrongShape)
            #expect(code { try SampleFile.labels(folder.path) } == .unknownFormat)
        }
    }

    @Test func subfoldersAreClasses() throws {
        try Made.folder { folder in
            let contents = [("dog", "1.jpg"), ("cat", "2.png"), ("cat", "1.png")]
            for (name, file) in contents {
                let below = folder.appending(path: name)
                try FileManager.default.createDirectory(at: below, withIntermediateDirectories: true)
                let bytes =
                    file.hasSuffix("jpg")
                    ? try Made.jpeg(width: 4, height: 4, channels: 1, pixels: ImageTests.pixels(16))
                    : ImageTests.png(4, 4)
                try Data(bytes).write(to: below.appending(path: file))
            }
            #expect(try SampleFile.samples(folder.path).count == 3)
            #expect(try SampleFile.folderLabels(folder.path).indices == [0, 0, 1])
            let found = try SampleFile.describe(folder.path)
            #expect(found.classes?.map(\.name) == ["cat", "dog"])
            #expect(found.classes?.map(\.count) == [2, 1])
            try Data(ImageTests.png(4, 4)).write(to: folder.appending(path: "stray.png"))
            #expect(code { try SampleFile.samples(folder.path) } == .unknownFormat)
        }
    }

    @Test func imagesMustBeAlike() throws {
        try Made.folder { folder in
            #expect(code { try SampleFile.samples(folder.path) } == .wrongShape)
            try Data(ImageTests.png(2, 3)).write(to: folder.appending(path: "first.png"))
            for other in [ImageTests.png(3, 2), ImageTests.png(2, 3, channels: 3)] {
                try Data(other).write(to: folder.appending(path: "other.png"))
                let error = #expect(throws: DataError.self) { try SampleFile.samples(folder.path) }
                #expect(error?.code == .wrongShape)
                #expect(error?.message.contains("'other.png'") == true)
                #expect(error?.message.contains("'first.png'") == true)
            }
            try FileManager.default.removeItem(at: folder.appending(path: "other.png"))
            try Data("no image".utf8).write(to: folder.appending(path: "other.bak"))
            #expect(code { try SampleFile.samples(folder.path) } == .unknownFormat)
        }
    }

    // MARK: What is not an image, or lies elsewhere

    private func write(_ bytes: [UInt8], _ name: String, _ folder: URL) throws {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    @Test func knownStrangersAreLeftOut() throws {
        try Made.folder { folder in
            for name in ["cat/1.png", "dog/1.png"] { try write(ImageTests.png(2, 2), name, folder) }
            for name in ["Thumbs.db", "labels.csv", "cat/desktop.ini", "dog/README", "__MACOSX/x.png"] {
                try write([1], name, folder)
            }
            try FileManager.default.createDirectory(
                at: folder.appending(path: "bird"), withIntermediateDirectories: true)
            #expect(try SampleFile.samples(folder.path).count == 2)
            let found = try SampleFile.rows(folder.path)
            #expect(found.isImages)
            #expect(
                found.remarks.contains { $0.contains("left out as no images: 5 files") && $0.contains("'Thumbs.db'") })
            #expect(found.remarks.contains { $0.contains("'bird' is empty") })
        }
    }

    @Test func badFilesAreToldAllAtOnce() throws {
        try Made.folder { folder in
            try write(ImageTests.png(2, 2), "a.png", folder)
            for index in 1...5 { try write([60, 33], "b\(index).png", folder) }
            let error = #expect(throws: DataError.self) { try SampleFile.samples(folder.path) }
            #expect(error?.message.contains("5 of its 6 files") == true)
            #expect(error?.message.contains("'b3.png'") == true)
            #expect(error?.message.contains("2 more") == true)
        }
    }

    @Test func deeperFoldersAreToldWithTheWayOut() throws {
        try Made.folder { folder in
            for name in ["images/a/1.png", "images/b/1.png"] { try write(ImageTests.png(2, 2), name, folder) }
            let error = #expect(throws: DataError.self) { try SampleFile.samples(folder.path) }
            #expect(error?.hint?.contains("/images") == true)
            #expect(try SampleFile.samples(folder.path + "/images").count == 2)
        }
    }

    @Test func nothingOutsideTheFolderIsOpened() throws {
        try Made.folder { outer in
            let folder = outer.appending(path: "inner")
            try write(ImageTests.png(2, 2), "secret.png", outer)
            try write(ImageTests.png(2, 2), "a.png", folder)
            let link = folder.appending(path: "b.png").path
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "a.png")
            #expect(try SampleFile.samples(folder.path).count == 2)
            for target in ["../secret.png", outer.path + "/secret.png", "/etc/passwd", "/nowhere"] {
                try FileManager.default.removeItem(atPath: link)
                try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
                let error = #expect(throws: DataError.self) { try SampleFile.samples(folder.path) }
                #expect(error?.code == .unreadable)
                #expect(error?.message.contains("'b.png'") == true)
            }
            try FileManager.default.removeItem(atPath: link)
            // Classes that lie elsewhere, and what would wait for a writer for ever.
            try FileManager.default.createSymbolicLink(atPath: outer.path + "/classes", withDestinationPath: "inner")
            try FileManager.default.createDirectory(
                at: outer.appending(path: "split"), withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: outer.path + "/split/x", withDestinationPath: "../inner")
            #expect(code { try SampleFile.samples(outer.path + "/split") } == .unreadable)
            #expect(try SampleFile.samples(outer.path + "/classes").count == 1)
            #expect(mkfifo(folder.appending(path: "f.png").path, 0o600) == 0)
            #expect(code { try SampleFile.samples(folder.path) } == .unreadable)
        }
    }
}
