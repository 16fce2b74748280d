/// How a file's numbers are stored.
enum NumberType: String {
    case uint8, int8, uint16, int16, int32, int64, float32, float64

    var bytes: Int {
        switch self {
        case .uint8, .int8: 1
        case .uint16, .int16: 2
        case .int32, .float32: 4
        case .int64, .float64: 8
        }
    }
}

/// What stands in front of an array's numbers: all that IDX and NPY differ in. The first dimension counts the samples.
struct NumberArray {
    let type: NumberType
    let isBigEndian: Bool
    /// 1 to 8 dimensions above 0, together no more than `SampleTable.largestCount`.
    let shape: [Int]

    /// - Throws: `.wrongShape` or `.tooLarge` whenever the shape is not as it should be.
    init(type: NumberType, isBigEndian: Bool, shape: [Int], path: String) throws(DataError) {
        guard (1...8).contains(shape.count) else {
            throw DataError(.wrongShape, at: path, "it has \(shape.count) dimensions; 1 to 8 can be read")
        }
        guard shape.allSatisfy({ $0 > 0 }) else {
            throw DataError(.wrongShape, at: path, "it has the shape \(shape): there is nothing in it")
        }
        var total = 1
        for dimension in shape {
            guard dimension <= SampleTable.largestCount / total else {
                throw DataError(
                    .tooLarge, at: path,
                    "its header says that it has the shape \(shape); \(SampleTable.largestCount) numbers can be read")
            }
            total *= dimension
        }
        self.type = type
        self.isBigEndian = isBigEndian
        self.shape = shape
    }

    // MARK: The numbers

    /// - Returns: the first `limit` samples. What follows them in a gzipped file is not looked at.
    func samples(from source: ByteSource, limit: Int?) throws(DataError) -> SampleTable {
        let sampleShape = Array(shape.dropFirst())
        let (count, size) = (min(shape[0], limit ?? .max), sampleShape.reduce(1, *))
        let numbers: SampleTable.Numbers =
            type == .uint8
            ? .uint8(
                try payload(count * size, of: source) { (source, count) throws(DataError) in try source.take(count) })
            : .float32(try floats(count * size, from: source))
        return SampleTable(count: count, sampleShape: sampleShape, numbers: numbers)
    }

    /// - Returns: the first `limit` labels, exactly as they are in the file.
    func labels(from source: ByteSource, limit: Int?) throws(DataError) -> [Int32] {
        guard shape.dropFirst().allSatisfy({ $0 == 1 }) else {
            throw DataError(
                .wrongShape, at: source.path, "labels are one number each; these have the shape \(shape.dropFirst())",
                hint: "name the file of labels, not the one of samples")
        }
        let count = min(shape[0], limit ?? .max)
        // What is no label becomes negative, as what is negative in the file.
        let labels: [Int32] =
            switch type {
            case .uint8: try convert(count, source) { (bits: UInt8) in Int32(bits) }
            case .int8: try convert(count, source) { (bits: Int8) in Int32(bits) }
            case .uint16: try convert(count, source) { (bits: UInt16) in Int32(bits) }
            case .int16: try convert(count, source) { (bits: Int16) in Int32(bits) }
            case .int32: try convert(count, source) { (bits: Int32) in bits }
            case .int64: try convert(count, source) { (bits: Int64) in Int32(exactly: bits) ?? -1 }
            case .float32: try convert(count, source) { Int32(exactly: Float(bitPattern: $0)) ?? -1 }
            case .float64: try convert(count, source) { Int32(exactly: Double(bitPattern: $0)) ?? -1 }
            }
        if let wrong = labels.firstIndex(where: { $0 < 0 }) {
            throw DataError(
                .outOfRange, at: source.path, "label \(wrong + 1) is not a whole number from 0 to \(Int32.max)",
                hint: "labels are whole numbers from 0")
        }
        return labels
    }

    private func floats(_ count: Int, from source: ByteSource) throws(DataError) -> [Float] {
        try payload(count, of: source) { (source, count) throws(DataError) in
            let chunk = 1 << 17
            var values: [Float] = []
            values.reserveCapacity(source.believable(count * 4) / 4)
            for start in stride(from: 0, to: count, by: chunk) {
                let bytes = try source.take(min(chunk, count - start) * type.bytes)
                values += [Float](unsafeUninitializedCapacity: bytes.count / type.bytes) { buffer, filled in
                    bytes.withUnsafeBytes { decode($0, into: buffer) }
                    filled = bytes.count / type.bytes
                }
            }
            if let wrong = values.firstIndex(where: { !$0.isFinite }) { throw notFinite(wrong, path: source.path) }
            return values
        }
    }

    func notFinite(_ place: Int, path: String) -> DataError {
        DataError(.notFinite, at: path, "number \(place + 1) is not finite as a float32")
    }

    /// The numbers in `bytes`, as they lie in the file, as float32.
    func decode(_ bytes: UnsafeRawBufferPointer, into out: UnsafeMutableBufferPointer<Float>) {
        switch type {
        case .uint8: decode(bytes, out) { (bits: UInt8) in Float(bits) }
        case .int8: decode(bytes, out) { (bits: Int8) in Float(bits) }
        case .uint16: decode(bytes, out) { (bits: UInt16) in Float(bits) }
        case .int16: decode(bytes, out) { (bits: Int16) in Float(bits) }
        case .int32: decode(bytes, out) { (bits: Int32) in Float(bits) }
        case .int64: decode(bytes, out) { (bits: Int64) in Float(bits) }
        case .float32: decode(bytes, out) { Float(bitPattern: $0) }
        case .float64: decode(bytes, out) { Float(Double(bitPattern: $0)) }
        }
    }

    private func decode<Bits: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, _ out: UnsafeMutableBufferPointer<Float>, _ value: (Bits) -> Float
    ) {
        for index in 0..<bytes.count / MemoryLayout<Bits>.size {
            let bits = bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
            out[index] = value(isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits))
        }
    }

    private func convert<Bits: FixedWidthInteger, Value>(
        _ count: Int, _ source: ByteSource, _ value: (Bits) -> Value
    ) throws(DataError) -> [Value] {
        try payload(count, of: source) { (source, count) throws(DataError) in
            let chunk = 1 << 17
            var values: [Value] = []
            values.reserveCapacity(source.believable(count))
            for start in stride(from: 0, to: count, by: chunk) {
                let bytes = try source.take(min(chunk, count - start) * MemoryLayout<Bits>.size)
                bytes.withUnsafeBytes { bytes in
                    for offset in stride(from: 0, to: bytes.count, by: MemoryLayout<Bits>.size) {
                        let bits = bytes.loadUnaligned(fromByteOffset: offset, as: Bits.self)
                        values.append(value(isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits)))
                    }
                }
            }
            return values
        }
    }

    /// Reads `count` numbers with `read` and sees to it that the file has as many as its header says, before any memory
    /// is taken for them where the file's size tells.
    private func payload<Value>(
        _ count: Int, of source: ByteSource, _ read: (ByteSource, Int) throws(DataError) -> [Value]
    ) throws(DataError) -> [Value] {
        let total = shape.reduce(1, *)
        let expected = try checkedByteCount(source)
        let values = try read(source, count)
        // The rest of a gzipped file is not unpacked only to be counted.
        let rest = source.isPacked ? try source.peek(1).count : source.remaining - (total - count) * type.bytes
        guard rest == 0 || source.isPacked && count < total else { throw trailing(expected, path: source.path) }
        return values
    }

    /// - Returns: how many bytes of numbers follow, where so many can.
    func checkedByteCount(_ source: ByteSource) throws(DataError) -> Int {
        let expected = shape.reduce(1, *) * type.bytes
        guard source.remaining >= expected else {
            throw DataError(
                .truncated, at: source.path,
                "its header says that \(expected) bytes of numbers follow;"
                    + " \(source.isPacked ? "no more than " : "")\(source.remaining) do", hint: "fetch the file again")
        }
        return expected
    }

    func trailing(_ expected: Int, path: String) -> DataError {
        DataError(
            .trailingBytes, at: path,
            "more follows the \(expected) bytes of numbers that its header speaks of", hint: "fetch the file again")
    }
}
