import DataFormats
import FoundationEssentials
import Glibc

/// IDX, NPY and CSV have one door, which tells them apart; a picture has its own.
extension FuzzTarget {
    /// Larger tables are not written and read again.
    private static let copiedNumbers = 1 << 20
    /// Nor are larger pictures.
    private static let copiedPixels = 1 << 16

    static func readSamples(_ bytes: UnsafeRawBufferPointer) throws {
        try MemoryFile.with(bytes) { try readSamples(at: $0) }
    }

    static func readTable(_ bytes: UnsafeRawBufferPointer) throws {
        try MemoryFile.with(bytes) { path in
            try readSamples(at: path)
            let whole = try? SampleFile.samples(path)
            guard let description = try accepted({ try SampleFile.describe(path) }),
                let column = description.columns?.first
            else { return }
            _ = try accepted { try SampleFile.labels(path, column: column) }
            guard let rest = try accepted({ try SampleFile.samples(path, ReadingOptions(without: [column])) })
            else { return }
            let isNarrower = rest.count == whole?.count && rest.size + 1 == whole?.size
            try promise(isNarrower, "without a column it is \(rest.count) samples of \(rest.size)")
        }
    }

    private static func readSamples(at path: String) throws {
        if let labels = try accepted({ try SampleFile.labels(path) }) {
            let names = Int32(labels.names.count)
            try promise(labels.indices.allSatisfy { (0..<names).contains($0) }, "a label has no name")
            try NPY.encode(labels: labels.indices).withUnsafeBytes { bytes in
                let stored = try MemoryFile.with(bytes) { try SampleFile.storedLabels($0) }
                try promise(stored == labels.indices, "labels are others")
            }
        }
        if let mapped = try accepted({ try MappedSamples(path) }) {
            let end = mapped.offset + mapped.count * mapped.size * mapped.type.bytes
            try promise(end == mapped.file.bytes.buffer.count, "\(end) bytes are mapped")
        }
        guard let table = try accepted({ try SampleFile.samples(path) }) else {
            if let rows = try accepted({ try SampleFile.rows(path) }) { _ = try accepted { try numbers(in: rows) } }
            return
        }
        let description = try SampleFile.describe(path)
        try promise(description.samples == table.count, "\(description.samples) samples are described")
        let rows = try SampleFile.rows(path)
        try promise(rows.count == table.count && rows.sampleShape == table.sampleShape, "its rows have another shape")
        guard table.numbers.count <= copiedNumbers else { return }
        let first = try SampleFile.rows(path, ReadingOptions(limit: 1))
        try promise(try numbers(in: rows).starts(with: numbers(in: first)), "its first row is another")
        try NPY.encode(table).withUnsafeBytes { bytes in
            try promise(
                bytes.suffix(table.size * table.count * rows.type.bytes).elementsEqual(numbers(in: rows)),
                "its rows are others")
            let again = try MemoryFile.with(bytes) { try SampleFile.samples($0) }
            try promise(again.numbers == table.numbers && again.count == table.count, "it is another as NPY")
            let mapped = try MemoryFile.with(bytes) { try MappedSamples($0) }
            try promise(mapped.count == table.count && mapped.size == table.size, "it cannot be mapped as NPY")
        }
    }

    /// The bytes of all rows.
    private static func numbers(in rows: SampleRows) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: rows.count, by: 1 << 16) {
            let places = (Int32(start)..<Int32(min(start + 1 << 16, rows.count))).map { $0 }
            try rows.forEachPart(of: places[...]) { bytes += $0 }
        }
        return bytes
    }

    static func readImage(_ bytes: UnsafeRawBufferPointer) throws {
        guard let image = try accepted({ try Image(decoding: Array(bytes), path: "x") }) else { return }
        try promise(image.pixels.count == image.shape.reduce(1, *), "its pixels are not those of its shape")
        guard image.pixels.count <= copiedPixels else { return }
        guard case .uint8(let pixels) = image.pixels else { return }
        let png = PNG.encode(width: image.width, height: image.height, channels: image.channels, pixels: pixels)
        try promise(try Image(decoding: Array(png), path: "x").pixels == image.pixels, "it is another as PNG")
    }
}

/// Bytes as a file for readers that take a path. It lies in memory, and has no name by which it could be left behind.
enum MemoryFile {
    /// Calls `body` with a path to the file.
    static func with<Result>(_ bytes: UnsafeRawBufferPointer, _ body: (String) throws -> Result) rethrows -> Result {
        var template = Array("/dev/shm/cairn-fuzz-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        precondition(descriptor >= 0, "no file in /dev/shm: \(String(cString: strerror(errno)))")
        defer { close(descriptor) }
        unlink(template)
        let count = bytes.isEmpty ? 0 : write(descriptor, bytes.baseAddress, bytes.count)
        precondition(count == bytes.count, "/dev/shm took \(count) of \(bytes.count) bytes")
        return try body("/proc/self/fd/\(descriptor)")
    }
}
