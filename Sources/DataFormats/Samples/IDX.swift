/// The format of the MNIST files: two zero bytes, a type, the number of dimensions, the dimensions, the numbers;
/// everything big-endian. (LeCun, Cortes and Burges, "The MNIST database of handwritten digits".)
package enum IDX {
    private static let types: [UInt8: NumberType] = [
        0x08: .uint8, 0x09: .int8, 0x0B: .int16, 0x0C: .int32, 0x0D: .float32, 0x0E: .float64,
    ]

    /// Whether `bytes` begin as an IDX file does.
    package static func isIDX(_ bytes: ArraySlice<UInt8>) -> Bool {
        let start = Array(bytes.prefix(4))
        return start.count == 4 && start[0] == 0 && start[1] == 0 && types[start[2]] != nil
    }

    package static func header(_ source: ByteSource) throws(DataError) -> NumberArray {
        let start = try source.take(4)
        guard isIDX(start[...]), let type = types[start[2]] else {
            throw DataError(
                .malformedHeader, at: source.path, "this is not an IDX file: it does not begin with 00 00 TYPE")
        }
        var shape: [Int] = []
        for _ in 0..<start[3] { shape.append(Int(try source.bigEndian(UInt32.self))) }
        return try NumberArray(type: type, isBigEndian: true, shape: shape, path: source.path)
    }
}
