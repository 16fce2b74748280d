import Glibc

/// An unpacked array in a file, read row by row where it lies. Reading instead of mapping, since the file is somebody
/// else's: one that is cut off meanwhile must be an error and not the end of the process.
final class RowFile {
    let array: NumberArray
    let path: String
    /// Noted as rows are read.
    let rounded = RoundedNumbers()
    private let descriptor: Int32
    /// Where the numbers begin.
    private let start: Int
    private let rowBytes: Int
    /// Whether the kernel is told of rows before they are read: many at once are fetched faster than one after the other.
    private let isAnnounced: Bool

    /// - Parameter source: stands behind the header.
    init(_ array: NumberArray, _ source: ByteSource) throws(DataError) {
        let expected = try array.checkedByteCount(source)
        guard source.remaining == expected else { throw array.trailing(expected, path: source.path) }
        self.array = array
        path = source.path
        start = source.bytesOnDisk - expected
        rowBytes = array.shape.dropFirst().reduce(array.type.bytes, *)
        isAnnounced = !MappedFile.fitsMemory(expected)
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw DataError(.unreadable, at: path, String(cString: strerror(errno)), hint: "check its permissions")
        }
    }

    deinit { close(descriptor) }

    /// Reads the rows `places`, in that order, as uint8 where they are stored so, else as float32.
    func read(_ places: ArraySlice<Int32>, to out: UnsafeMutableRawBufferPointer) throws(DataError) {
        if isAnnounced {
            for place in places {
                posix_fadvise(
                    descriptor, off_t(start + Int(place) * rowBytes), off_t(rowBytes), CInt(POSIX_FADV_WILLNEED))
            }
        }
        guard !array.type.isByte else { return try readRaw(places, to: out) }
        let raw = UnsafeMutableRawBufferPointer.allocate(byteCount: places.count * rowBytes, alignment: 16)
        defer { raw.deallocate() }
        try readRaw(places, to: raw)
        let values = out.bindMemory(to: Float.self)
        array.decode(UnsafeRawBufferPointer(raw), into: values)
        let size = rowBytes / array.type.bytes
        rounded.look(at: UnsafeRawBufferPointer(raw), of: array, size: size)
        guard values.prefix(places.count * size).allSatisfy(\.isFinite) else { return try countNotFinite(size: size) }
    }

    /// Looks through all rows.
    /// - Throws: `.notFinite`.
    private func countNotFinite(size: Int) throws(DataError) {
        var found = NumbersNotFinite()
        let step = max(1, (1 << 20) / rowBytes)
        let raw = UnsafeMutableRawBufferPointer.allocate(byteCount: step * rowBytes, alignment: 16)
        let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: step * size)
        defer {
            raw.deallocate()
            values.deallocate()
        }
        for first in stride(from: 0, to: array.shape[0], by: step) {
            let count = min(step, array.shape[0] - first)
            let part = UnsafeMutableRawBufferPointer(rebasing: raw[..<(count * rowBytes)])
            try fill(part, from: start + first * rowBytes)
            array.decode(UnsafeRawBufferPointer(part), into: values)
            found.look(at: UnsafeBufferPointer(rebasing: values[..<(count * size)]), from: first * size)
        }
        try found.check(path: path, size: size)
    }

    /// Rows that lie one behind the other are read at once.
    private func readRaw(_ places: ArraySlice<Int32>, to out: UnsafeMutableRawBufferPointer) throws(DataError) {
        var next = places.startIndex
        while next < places.endIndex {
            var end = next + 1
            while end < places.endIndex, places[end] == places[end - 1] + 1 { end += 1 }
            let range = (next - places.startIndex) * rowBytes..<(end - places.startIndex) * rowBytes
            try fill(UnsafeMutableRawBufferPointer(rebasing: out[range]), from: start + Int(places[next]) * rowBytes)
            next = end
        }
    }

    private func fill(_ bytes: UnsafeMutableRawBufferPointer, from place: Int) throws(DataError) {
        guard let count = readAll(descriptor, at: place, into: bytes) else {
            throw DataError(.unreadable, at: path, String(cString: strerror(errno)))
        }
        guard count == bytes.count else {
            throw DataError(.truncated, at: path, "it was cut off while it was read", hint: "fetch the file again")
        }
    }
}
