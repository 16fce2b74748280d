/// Samples in a mapped NPY file, as `NPY.encode` writes them: nothing is read before it is looked at.
package struct MappedSamples: Sendable {
    package let count: Int
    package let size: Int
    package let type: NPY.ElementType
    package let file: MappedFile
    /// Where the numbers begin in `file`.
    package let offset: Int

    /// - Throws: `.unsupportedType` or `.wrongShape` for an NPY of another kind, `.truncated` or `.trailingBytes` whenever
    ///   the file has not the length that its header says.
    package init(_ path: String) throws(DataError) {
        let source = try ByteSource(opening: path)
        guard !source.isPacked else {
            throw DataError(.unknownFormat, at: path, "only an NPY file that is not gzipped can be mapped")
        }
        let array = try NPY.header(source)
        switch (array.type, array.isBigEndian) {
        case (.uint8, _): type = .uint8
        case (.float32, false): type = .float32
        default: throw DataError(.unsupportedType, at: path, "its numbers are neither uint8 nor little-endian float32")
        }
        guard array.shape.count == 2 else {
            throw DataError(.wrongShape, at: path, "it has the shape \(array.shape); samples are rows of numbers")
        }
        (count, size) = (array.shape[0], array.shape[1])
        offset = source.bytesOnDisk - source.remaining
        file = try MappedFile(path)
        let (expected, found) = (count * size * type.bytes, file.bytes.buffer.count - offset)
        guard found >= expected else {
            throw DataError(
                .truncated, at: path, "its header says that \(expected) bytes of numbers follow; \(found) do",
                hint: "fetch the file again")
        }
        guard found == expected else { throw array.trailing(expected, path: path) }
        guard offset % type.bytes == 0 else {
            throw DataError(.malformedHeader, at: path, "its numbers begin at byte \(offset), where none can be read")
        }
    }
}
