package import FoundationEssentials

/// NumPy's format for one array (numpy.lib.format, versions 1 to 3), C order, little-endian.
package enum NPY {
    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    private static let largestHeader = 1 << 16

    /// Samples as an array of shape (count, size), `|u1` or `<f4`.
    package static func encode(_ table: SampleTable) -> Data {
        switch table.numbers {
        case .uint8(let values):
            header(type: "|u1", shape: "(\(table.count), \(table.size))") + Data(values)
        case .float32(let values):
            header(type: "<f4", shape: "(\(table.count), \(table.size))") + values.withUnsafeBytes { Data($0) }
        }
    }

    /// Labels as an array of shape (count), `<i4`.
    package static func encode(labels: [Int32]) -> Data {
        header(type: "<i4", shape: "(\(labels.count),)") + labels.withUnsafeBytes { Data($0) }
    }

    private static func header(type: String, shape: String) -> Data {
        let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
        let padding = (64 - (10 + text.utf8.count + 1) % 64) % 64
        let line = Array(text.utf8) + [UInt8](repeating: 32, count: padding) + [10]
        return Data(magic + [1, 0, UInt8(line.count & 255), UInt8(line.count >> 8)] + line)
    }

    /// Whether `bytes` begin as an NPY file does.
    package static func isNPY(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.starts(with: magic) }

    /// - Returns: the first `limit` samples; the first dimension counts them.
    package static func samples(
        _ bytes: [UInt8], path: String, limit: Int? = nil
    ) throws(DataError) -> SampleTable {
        let (type, shape, payload) = try parse(bytes, path: path)
        let sampleShape = Array(shape.dropFirst())
        let count = min(shape[0], limit ?? .max)
        let numbers = try numbers(type, payload, count: count * sampleShape.reduce(1, *), path: path)
        return SampleTable(count: count, sampleShape: sampleShape, numbers: numbers)
    }

    /// - Returns: the first `limit` labels.
    package static func labels(_ bytes: [UInt8], path: String, limit: Int? = nil) throws(DataError) -> [Int32] {
        let table = try samples(bytes, path: path, limit: limit)
        guard table.size == 1 else {
            throw DataError(.wrongShape, at: path, "labels are one number each; these have shape \(table.sampleShape)")
        }
        return try Labels.whole(table.numbers, path: path)
    }

    private static func numbers(
        _ type: String, _ payload: ArraySlice<UInt8>, count: Int, path: String
    ) throws(DataError) -> SampleTable.Numbers {
        if type == "|u1" { return .uint8(Array(payload.prefix(count))) }
        var reader = ByteReader(payload, path: path)
        var values: [Float] = []
        values.reserveCapacity(count)
        for _ in 0..<count {
            let value: Float =
                switch type {
                case "<f4": Float(bitPattern: try reader.littleEndian(UInt32.self))
                case "<f8": Float(Double(bitPattern: try reader.littleEndian(UInt64.self)))
                case "|i1": Float(try reader.littleEndian(Int8.self))
                case "<i2": Float(try reader.littleEndian(Int16.self))
                case "<i4": Float(try reader.littleEndian(Int32.self))
                default: Float(try reader.littleEndian(Int64.self))
                }
            guard value.isFinite else {
                throw DataError(.notFinite, at: path, "number \(values.count) is not finite")
            }
            values.append(value)
        }
        return .float32(values)
    }

    private static let elementBytes = ["|u1": 1, "|i1": 1, "<i2": 2, "<i4": 4, "<f4": 4, "<i8": 8, "<f8": 8]

    private static func parse(
        _ bytes: [UInt8], path: String
    ) throws(DataError) -> (type: String, shape: [Int], payload: ArraySlice<UInt8>) {
        var reader = ByteReader(bytes[...], path: path)
        guard isNPY(bytes[...]) else {
            throw DataError(.malformedHeader, at: path, "this is not an NPY file: it does not begin with \\x93NUMPY")
        }
        _ = try reader.take(magic.count)
        let major = try reader.littleEndian(UInt16.self) & 255
        guard (1...3).contains(major) else {
            throw DataError(.malformedHeader, at: path, "it has NPY version \(major); 1, 2 and 3 can be read")
        }
        let length = major == 1 ? Int(try reader.littleEndian(UInt16.self)) : Int(try reader.littleEndian(UInt32.self))
        guard length <= largestHeader else {
            throw DataError(.malformedHeader, at: path, "its header says that it has \(length) bytes")
        }
        let header = String(decoding: try reader.take(length), as: UTF8.self)
        let (type, shape) = try describe(header, path: path)
        guard let elementBytes = elementBytes[type] else {
            throw DataError(
                .unsupportedType, at: path, "its numbers have the type '\(type)'",
                hint: "save them as uint8, float32 or float64, little-endian")
        }
        let expected = shape.reduce(1, *) * elementBytes
        guard reader.remaining == expected else {
            throw DataError(
                reader.remaining < expected ? .truncated : .trailingBytes, at: path,
                "its header says that \(expected) bytes of numbers follow; \(reader.remaining) do")
        }
        return (type, shape, try reader.take(expected))
    }

    private static func describe(_ header: String, path: String) throws(DataError) -> (type: String, shape: [Int]) {
        guard let type = header.firstMatch(of: /'descr':\s*'([^']*)'/),
            let order = header.firstMatch(of: /'fortran_order':\s*(True|False)/),
            let shape = header.firstMatch(of: /'shape':\s*\(([0-9, ]*)\)/)
        else {
            throw DataError(.malformedHeader, at: path, "its header has no descr, fortran_order and shape")
        }
        guard order.1 == "False" else {
            throw DataError(
                .wrongShape, at: path, "its numbers are in Fortran order", hint: "save numpy.ascontiguousarray(x)")
        }
        var dimensions: [Int] = []
        var total = 1
        for part in shape.1.split(separator: ",") {
            let digits = part.filter { $0 != " " }
            guard let dimension = Int(digits), dimension > 0, dimension <= SampleTable.largestCount / total else {
                throw DataError(.wrongShape, at: path, "its shape is (\(shape.1))")
            }
            dimensions.append(dimension)
            total *= dimension
        }
        guard (1...8).contains(dimensions.count) else {
            throw DataError(.wrongShape, at: path, "it has \(dimensions.count) dimensions; 1 to 8 can be read")
        }
        return (String(type.1), dimensions)
    }
}
