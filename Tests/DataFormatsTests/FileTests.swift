import DataFormats
import Dispatch
import Foundation
import RandomNumbers
import Testing

@Suite struct FileTests {
    @Test func aRealDataSetIsRead() throws {
        let folder = "/usr/share/datasets/fashion-mnist/"
        let images = try SampleFile.samples(folder + "t10k-images-idx3-ubyte.gz", ReadingOptions(limit: 500))
        let labels = try SampleFile.labels(folder + "t10k-labels-idx1-ubyte.gz")
        #expect(images.count == 500)
        #expect(images.sampleShape == [28, 28])
        #expect(labels.indices.count == 10_000)
        #expect(labels.names == (0..<10).map { "\($0)" })
    }

    @Test func unreadableFilesAreNamed() throws {
        try Made.folder { folder in
            let missing = folder.appending(path: "missing").path
            #expect(throws: DataError(.notFound, at: missing, "there is no such file", hint: "check the path")) {
                try FileBytes.read(missing)
            }
            #expect(throws: DataError.self) { try FileBytes.read(folder.path) }
            let file = folder.appending(path: "file").path
            try AtomicFile.write(Data(repeating: 7, count: 100), to: file)
            #expect(try FileBytes.read(file) == [UInt8](repeating: 7, count: 100))
            #expect(throws: DataError.self) { try FileBytes.read(file, limit: 99) }
        }
    }

    @Test func damagedGzipIsRefused() throws {
        let whole = try Data(contentsOf: URL(filePath: "/usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz"))
        try Made.folder { folder in
            let cut = folder.appending(path: "cut.gz").path
            try AtomicFile.write(whole.prefix(whole.count / 2), to: cut)
            #expect(throws: DataError.self) { try FileBytes.read(cut) }
        }
    }

    @Test func aFailedWriteLeavesNothing() throws {
        try Made.folder { folder in
            let inNoFolder = folder.appending(path: "none/file").path
            #expect(throws: DataError.self) { try AtomicFile.write(Data([1]), to: inNoFolder) }
            // A folder cannot be replaced by a file: the temporary file must go.
            #expect(throws: DataError.self) { try AtomicFile.write(Data([1]), to: folder.path) }
            let beside = try FileManager.default.contentsOfDirectory(atPath: folder.deletingLastPathComponent().path)
            #expect(beside.allSatisfy { !$0.hasPrefix(folder.lastPathComponent + ".") })
        }
    }

    @Test func manyWritersNeverMix() throws {
        try Made.folder { folder in
            let file = folder.appending(path: "file").path
            DispatchQueue.concurrentPerform(iterations: 32) { index in
                try? AtomicFile.write(Data(repeating: UInt8(index), count: 100_000), to: file)
            }
            let written = try FileBytes.read(file)
            #expect(written.count == 100_000)
            #expect(Set(written).count == 1)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
        }
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small tmpfs needs root and the right to mount"))
    func aFullDiskIsSaid() throws {
        try SmallDisk.mounted { folder in
            let file = folder.appending(path: "file").path
            try AtomicFile.write(Data([1, 2]), to: file)
            #expect(code { try AtomicFile.write(Data(count: 1 << 20), to: file) } == .storageFull)
            #expect(try FileBytes.read(file) == [1, 2])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
        }
    }

    // MARK: A header is believed only as far as the file bears it out

    @Test func aPackedFileIsUnpackedNoFurtherThanItsHeaderSays() throws {
        try Made.folder { folder in
            let path = folder.appending(path: "packed").path
            // Cut: whoever unpacks it all comes upon the missing end.
            func write(_ dimensions: [UInt32], keeping share: Double) throws {
                var random = Philox(key: 5, stream: 0)
                let payload = (0..<8 << 20).map { _ in UInt8(truncatingIfNeeded: random.nextBits()) }
                let packed = try Made.gzipped(Made.idx(dimensions: dimensions, payload: payload))
                try AtomicFile.write(packed.prefix(Int(Double(packed.count) * share)), to: path)
            }
            try write([2], keeping: 0.9)
            #expect(code { try SampleFile.samples(path) } == .trailingBytes)
            try write([8 << 20], keeping: 0.9)
            #expect(code { try SampleFile.samples(path) } == .truncated)
            #expect(try SampleFile.samples(path, ReadingOptions(limit: 10)).count == 10)
            try write([8 << 20], keeping: 1)
            #expect(try SampleFile.samples(path).count == 8 << 20)
        }
    }

    @Test func aControlGroupsLimitIsFound() {
        #expect(
            AvailableMemory.limitFiles("9:name=systemd:/a\n4:memory:/box/b:c\n0::/user\n") == [
                "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/box/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/box/b:c/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max",
                "/sys/fs/cgroup/user/memory.max",
            ])
        #expect(AvailableMemory.limitFiles("0::/\nnonsense\n") == ["/sys/fs/cgroup/memory.max"])
        #expect(AvailableMemory.bytes >= 64 << 20)
    }

    @Test(arguments: [false, true]) func aHeaderCannotClaimMoreThanTheFileHolds(isPacked: Bool) throws {
        try Made.folder { folder in
            let path = folder.appending(path: "claim").path
            let bytes = Made.idx(type: 0x0D, dimensions: [1 << 30, 8], payload: [UInt8](repeating: 0, count: 100))
            try AtomicFile.write(isPacked ? Made.gzipped(bytes) : Data(bytes), to: path)
            #expect(code { try SampleFile.samples(path) } == .truncated)
            #expect(code { try SampleFile.samples(path, ReadingOptions(limit: 1)) } == .truncated)
        }
    }
}

/// A disk of 64 KiB.
enum SmallDisk {
    static let isPossible = (try? mounted { _ in true }) == true

    static func mounted<Result>(_ body: (URL) throws -> Result) throws -> Result {
        try Made.folder { folder in
            try Made.run("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder.path])
            defer { try? Made.run("umount", [folder.path]) }
            return try body(folder)
        }
    }
}
