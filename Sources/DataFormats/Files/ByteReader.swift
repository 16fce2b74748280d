/// Reads numbers from bytes, one after the other, and never beyond their end.
struct ByteReader {
    let bytes: ArraySlice<UInt8>
    let path: String
    private var place: Int

    init(_ bytes: ArraySlice<UInt8>, path: String) {
        self.bytes = bytes
        self.path = path
        place = bytes.startIndex
    }

    var remaining: Int { bytes.endIndex - place }

    /// The next `count` bytes.
    mutating func take(_ count: Int) throws(DataError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else {
            throw DataError(
                .truncated, at: path, "the file ends too early: \(count) bytes were expected, \(remaining) are there",
                hint: "fetch the file again")
        }
        defer { place += count }
        return bytes[place..<place + count]
    }

    mutating func bigEndian<Number: FixedWidthInteger>(_ type: Number.Type) throws(DataError) -> Number {
        try take(MemoryLayout<Number>.size).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    mutating func littleEndian<Number: FixedWidthInteger>(_ type: Number.Type) throws(DataError) -> Number {
        try take(MemoryLayout<Number>.size).reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }
}
