/// How a file's numbers are stored.
enum NumberType: String {
    case bool, uint8, int8, uint16, int16, uint32, int32, uint64, int64, float16, float32, float64

    var bytes: Int {
        switch self {
        case .bool, .uint8, .int8: 1
        case .uint16, .int16, .float16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        }
    }

    /// Whether the numbers are kept as they are, one byte each.
    var isByte: Bool { self == .uint8 || self == .bool }
}

/// What stands in front of an array's numbers: all that IDX and NPY differ in. The first dimension counts the samples.
package struct NumberArray {
    let type: NumberType
    let isBigEndian: Bool
    /// Whether the first index runs fastest, as in Fortran and in the columns of a data frame.
    let isColumnMajor: Bool
    /// 1 to 8 dimensions above 0, together no more than `SampleTable.largestCount`.
    let shape: [Int]

    /// - Throws: `.wrongShape` or `.tooLarge` whenever the shape is not as it should be.
    init(
        type: NumberType, isBigEndian: Bool, isColumnMajor: Bool = false, shape: [Int], path: String
    ) throws(DataError) {
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
        (self.type, self.isBigEndian) = (type, isBigEndian)
        // With one dimension that is not 1 both orders are the same.
        self.isColumnMajor = isColumnMajor && shape.count { $0 > 1 } > 1
        self.shape = shape
    }

    // MARK: The numbers

    /// - Returns: the first `limit` samples. What follows them in a gzipped file is not looked at.
    package func samples(from source: ByteSource, limit: Int?) throws(DataError) -> SampleTable {
        let sampleShape = Array(shape.dropFirst())
        let (count, size) = (min(shape[0], limit ?? .max), sampleShape.reduce(1, *))
        // Of columns one behind the other all are needed for the first rows.
        let stored = (isColumnMajor ? shape[0] : count) * size
        let rounded = RoundedNumbers()
        let numbers: SampleTable.Numbers
        if type.isByte {
            var bytes: [UInt8] = []
            try forEachPart(stored, of: source, atOnce: stored) { bytes += $0 }
            numbers = .uint8(rows(bytes, count))
        } else {
            numbers = .float32(rows(try floats(stored, from: source, rounded), count))
        }
        var table = SampleTable(count: count, sampleShape: sampleShape, numbers: numbers)
        table.elementType = type.rawValue
        table.remarks = rounded.remarks(path: source.path, sampleShape: [])
        return table
    }

    /// The first `limit` samples, kept where they need not fit into memory.
    func rows(from source: ByteSource, limit: Int?) throws(DataError) -> SampleRows {
        guard !isColumnMajor else {
            try checkMemory(source.path)
            return SampleRows(try samples(from: source, limit: limit))
        }
        let (sampleShape, count) = (Array(shape.dropFirst()), min(shape[0], limit ?? .max))
        let size = sampleShape.reduce(1, *)
        let kept: NPY.ElementType = type.isByte ? .uint8 : .float32
        let expected = try checkedByteCount(source)
        // What a packed file says of itself is believed as its bytes come.
        let isLikely = source.believable(count * size * type.bytes) == count * size * type.bytes
        let spool = try RowSpool(
            path: source.path, rowBytes: size * kept.bytes, expected: isLikely ? count : nil)
        let rounded = RoundedNumbers()
        var notFinite = NumbersNotFinite()
        let step = max(1, (1 << 20) / (size * type.bytes))
        for start in stride(from: 0, to: count, by: step) {
            let bytes = try source.take(min(step, count - start) * size * type.bytes)
            guard !type.isByte else {
                try spool.append(bytes, as: UInt8.self)
                continue
            }
            let values = bytes.withUnsafeBytes { floats($0, rounded, size: size) }
            values.withUnsafeBufferPointer { notFinite.look(at: $0, from: start * size) }
            try spool.append(values, as: Float.self)
        }
        try notFinite.check(path: source.path, size: size)
        let rest = count < shape[0] ? 0 : try source.peek(1).count
        guard rest == 0 else { throw trailing(expected, path: source.path) }
        return SampleRows(
            spool, shape: sampleShape, type: kept, elementType: type.rawValue,
            remarks: rounded.remarks(path: source.path, sampleShape: sampleShape))
    }

    /// Columns one behind the other are put into rows in memory.
    private func checkMemory(_ path: String) throws(DataError) {
        // The numbers as they lie in the file, and the rows.
        let needed = shape.reduce(1, *) * (type.isByte ? 2 : 8)
        guard needed <= AvailableMemory.bytes / 4 * 3 else {
            throw DataError(
                .tooLarge, at: path,
                "it is column by column (Fortran order): to turn it takes \(needed >> 20) MiB of memory, and there are"
                    + " \(AvailableMemory.bytes >> 20) MiB here", hint: "save numpy.ascontiguousarray(x)")
        }
    }

    /// The first `count` samples, row-major.
    private func rows<Value>(_ values: [Value], _ count: Int) -> [Value] {
        guard isColumnMajor else { return values }
        let sampleShape = shape.dropFirst()
        var rows: [Value] = []
        rows.reserveCapacity(count * sampleShape.reduce(1, *))
        // Where each number of a sample lies: the first index runs fastest.
        let offsets = sampleShape.reduce(into: (places: [0], step: shape[0])) { so, dimension in
            so.places = so.places.flatMap { place in (0..<dimension).map { place + $0 * so.step } }
            so.step *= dimension
        }.places
        for row in 0..<count { for offset in offsets { rows.append(values[row + offset]) } }
        return rows
    }

    /// Reads a class for each sample: whole numbers, or rows of zeros with a single one.
    /// - Returns: of the first `limit` samples.
    func classLabels(from source: ByteSource, limit: Int?) throws(DataError) -> ClassLabels {
        let width = shape.dropFirst().reduce(1, *)
        guard width == 1 else { return try oneHot(from: source, limit: limit, width: width) }
        let count = isColumnMajor ? shape[0] : min(shape[0], limit ?? .max)
        let values = try wholeNumbers(count, from: source)
        var collector = LabelCollector()
        for value in values.prefix(limit ?? .max) { try collector.add("\(value)", path: source.path) }
        return collector.finish()
    }

    private func oneHot(from source: ByteSource, limit: Int?, width: Int) throws(DataError) -> ClassLabels {
        let problem = DataError(
            .wrongShape, at: source.path, "labels are one a sample; it has the shape \(shape)",
            hint: shape[0] == 1
                ? "save its transpose" : "save the one column that has the labels, or a single 1 in each row")
        guard width <= ClassLabels.mostClasses, shape.count == 2 else { throw problem }
        let table = try samples(from: source, limit: limit)
        let values: [Float] =
            switch table.numbers {
            case .uint8(let values): values.map { Float($0) }
            case .float32(let values): values
            }
        var indices: [Int32] = []
        for start in stride(from: 0, to: values.count, by: width) {
            let row = values[start..<start + width]
            guard row.allSatisfy({ $0 == 0 || $0 == 1 }), row.count(where: { $0 == 1 }) == 1,
                let one = row.firstIndex(of: 1)
            else { throw problem }
            indices.append(Int32(one - start))
        }
        return ClassLabels(names: (0..<width).map { "\($0)" }, indices: indices)
    }

    /// - Throws: `.outOfRange` where one is not whole.
    private func wholeNumbers(_ count: Int, from source: ByteSource) throws(DataError) -> [Int64] {
        let values: [Int64?] =
            switch type {
            case .bool, .uint8: try convert(count, source) { (bits: UInt8) in Int64(bits) }
            case .int8: try convert(count, source) { (bits: Int8) in Int64(bits) }
            case .uint16: try convert(count, source) { (bits: UInt16) in Int64(bits) }
            case .int16: try convert(count, source) { (bits: Int16) in Int64(bits) }
            case .uint32: try convert(count, source) { (bits: UInt32) in Int64(bits) }
            case .int32: try convert(count, source) { (bits: Int32) in Int64(bits) }
            case .uint64: try convert(count, source) { (bits: UInt64) in Int64(exactly: bits) }
            case .int64: try convert(count, source) { (bits: Int64) in bits }
            case .float16: try convert(count, source) { Int64(exactly: Float(Float16(bitPattern: $0))) }
            case .float32: try convert(count, source) { Int64(exactly: Float(bitPattern: $0)) }
            case .float64: try convert(count, source) { Int64(exactly: Double(bitPattern: $0)) }
            }
        let whole = values.compactMap(\.self)
        guard whole.count == values.count else {
            let wrong = values.indices.filter { values[$0] == nil }
            let places = wrong.prefix(3).map { "\($0 + 1)" }.joined(separator: ", ")
            throw DataError(
                .outOfRange, at: source.path,
                "\(wrong.count) of its labels are not whole numbers: \(wrong.count == 1 ? "label" : "labels") \(places)",
                hint: "labels are classes: whole numbers or words")
        }
        return whole
    }

    /// - Returns: the first `limit` labels, whole numbers from 0, exactly as they are in the file.
    package func labels(from source: ByteSource, limit: Int?) throws(DataError) -> [Int32] {
        guard shape.dropFirst().allSatisfy({ $0 == 1 }) else {
            throw DataError(.wrongShape, at: source.path, "labels are one a sample; it has the shape \(shape)")
        }
        let values = try wholeNumbers(min(shape[0], limit ?? .max), from: source)
        let labels = values.compactMap { Int32(exactly: $0) }.filter { $0 >= 0 }
        guard labels.count == values.count else {
            throw DataError(
                .outOfRange, at: source.path, "a label is not a whole number from 0 to \(Int32.max)",
                hint: "labels are whole numbers from 0")
        }
        return labels
    }

    private func floats(_ count: Int, from source: ByteSource, _ rounded: RoundedNumbers) throws(DataError) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(source.believable(count * 4) / 4)
        try forEachPart(count, of: source) { values += floats($0, rounded, size: 1) }
        var notFinite = NumbersNotFinite()
        values.withUnsafeBufferPointer { notFinite.look(at: $0, from: 0) }
        try notFinite.check(path: source.path, size: isColumnMajor ? 1 : shape.dropFirst().reduce(1, *))
        return values
    }

    /// - Parameter size: how many numbers a row has.
    private func floats(_ bytes: UnsafeRawBufferPointer, _ rounded: RoundedNumbers, size: Int) -> [Float] {
        rounded.look(at: bytes, of: self, size: size)
        return [Float](unsafeUninitializedCapacity: bytes.count / type.bytes) { buffer, filled in
            decode(bytes, into: buffer)
            filled = bytes.count / type.bytes
        }
    }

    /// The numbers in `bytes`, as they lie in the file, as float32.
    func decode(_ bytes: UnsafeRawBufferPointer, into out: UnsafeMutableBufferPointer<Float>) {
        switch type {
        case .bool, .uint8: decode(bytes, out) { (bits: UInt8) in Float(bits) }
        case .int8: decode(bytes, out) { (bits: Int8) in Float(bits) }
        case .uint16: decode(bytes, out) { (bits: UInt16) in Float(bits) }
        case .int16: decode(bytes, out) { (bits: Int16) in Float(bits) }
        case .uint32: decode(bytes, out) { (bits: UInt32) in Float(bits) }
        case .int32: decode(bytes, out) { (bits: Int32) in Float(bits) }
        case .uint64: decode(bytes, out) { (bits: UInt64) in Float(bits) }
        case .int64: decode(bytes, out) { (bits: Int64) in Float(bits) }
        case .float16: decode(bytes, out) { Float(Float16(bitPattern: $0)) }
        case .float32: decode(bytes, out) { Float(bitPattern: $0) }
        case .float64: decode(bytes, out) { Float(Double(bitPattern: $0)) }
        }
    }

    /// The first number in `bytes` that float32 cannot tell from its neighbours, and its place.
    func firstRounded(_ bytes: UnsafeRawBufferPointer) -> (value: Double, place: Int)? {
        switch type {
        case .bool, .uint8, .int8, .uint16, .int16, .float16, .float32: nil
        case .uint32: firstRounded(bytes) { (bits: UInt32) in Double(bits) }
        case .int32: firstRounded(bytes) { (bits: Int32) in Double(bits) }
        case .uint64: firstRounded(bytes) { (bits: UInt64) in Double(bits) }
        case .int64: firstRounded(bytes) { (bits: Int64) in Double(bits) }
        case .float64: firstRounded(bytes) { Double(bitPattern: $0) }
        }
    }

    private func firstRounded<Bits: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, _ value: (Bits) -> Double
    ) -> (value: Double, place: Int)? {
        for index in 0..<bytes.count / MemoryLayout<Bits>.size {
            let number = value(bits(index, of: bytes))
            if RoundedNumbers.isRounded(number, Float(number)) { return (number, index) }
        }
        return nil
    }

    private func decode<Bits: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, _ out: UnsafeMutableBufferPointer<Float>, _ value: (Bits) -> Float
    ) {
        for index in 0..<bytes.count / MemoryLayout<Bits>.size {
            out[index] = value(bits(index, of: bytes))
        }
    }

    private func convert<Bits: FixedWidthInteger, Value>(
        _ count: Int, _ source: ByteSource, _ value: (Bits) -> Value
    ) throws(DataError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(source.believable(count))
        try forEachPart(count, of: source) { bytes in
            let count = bytes.count / MemoryLayout<Bits>.size
            for index in 0..<count { values.append(value(bits(index, of: bytes))) }
        }
        return values
    }

    @inline(__always)
    private func bits<Bits: FixedWidthInteger>(_ index: Int, of bytes: UnsafeRawBufferPointer) -> Bits {
        let bits = bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
        return isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits)
    }

    /// Hands `count` numbers over part by part, as they lie in the file, and sees to it that the file has as many as
    /// its header says, before any memory is taken for them where the file's size tells.
    private func forEachPart(
        _ count: Int, of source: ByteSource, atOnce: Int = 1 << 17, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(DataError) {
        let expected = try checkedByteCount(source)
        for start in stride(from: 0, to: count, by: atOnce) {
            try source.take(min(atOnce, count - start) * type.bytes).withUnsafeBytes(body)
        }
        // The rest of a gzipped file is not unpacked only to be counted.
        let total = shape.reduce(1, *)
        let rest = source.isPacked ? try source.peek(1).count : source.remaining - (total - count) * type.bytes
        guard rest == 0 || source.isPacked && count < total else { throw trailing(expected, path: source.path) }
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
