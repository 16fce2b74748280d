/// The format of the MNIST files: two zero bytes, a type, the number of dimensions, the dimensions, the numbers;
/// everything big-endian. (LeCun, Cortes and Burges, "The MNIST database of handwritten digits".)
package enum IDX {
    private enum Element: UInt8 {
        case uint8 = 0x08
        case int8 = 0x09
        case int16 = 0x0B
        case int32 = 0x0C
        case float32 = 0x0D
        case float64 = 0x0E

        var bytes: Int {
            switch self {
            case .uint8, .int8: 1
            case .int16: 2
            case .int32, .float32: 4
            case .float64: 8
            }
        }
    }

    /// Whether `bytes` begin as an IDX file does.
    package static func isIDX(_ bytes: ArraySlice<UInt8>) -> Bool {
        let start = Array(bytes.prefix(4))
        return start.count == 4 && start[0] == 0 && start[1] == 0 && Element(rawValue: start[2]) != nil
    }

    /// - Returns: the first `limit` samples; the first dimension counts them.
    package static func samples(
        _ bytes: [UInt8], path: String, limit: Int? = nil
    ) throws(DataError) -> SampleTable {
        var reader = ByteReader(bytes[...], path: path)
        let (element, dimensions) = try header(&reader)
        let sampleShape = Array(dimensions.dropFirst())
        let count = min(dimensions[0], limit ?? .max)
        let numbers = try numbers(of: element, count: count * sampleShape.reduce(1, *), from: &reader)
        return SampleTable(count: count, sampleShape: sampleShape, numbers: numbers)
    }

    /// - Returns: the first `limit` labels.
    package static func labels(_ bytes: [UInt8], path: String, limit: Int? = nil) throws(DataError) -> [Int32] {
        let table = try samples(bytes, path: path, limit: limit)
        guard table.size == 1 else {
            throw DataError(
                .wrongShape, at: path, "labels are one number each; these have the shape \(table.sampleShape)",
                hint: "name the file of labels, not the one of samples")
        }
        return try Labels.whole(table.numbers, path: path)
    }

    private static func header(_ reader: inout ByteReader) throws(DataError) -> (Element, [Int]) {
        let path = reader.path
        let start = try reader.take(4)
        guard isIDX(start), let element = Element(rawValue: start[start.startIndex + 2]) else {
            throw DataError(.malformedHeader, at: path, "this is not an IDX file: it does not begin with 00 00 TYPE")
        }
        let rank = Int(start[start.startIndex + 3])
        guard (1...8).contains(rank) else {
            throw DataError(.wrongShape, at: path, "it has \(rank) dimensions; 1 to 8 can be read")
        }
        var dimensions: [Int] = []
        var total = 1
        for _ in 0..<rank {
            let dimension = Int(try reader.bigEndian(UInt32.self))
            dimensions.append(dimension)
            guard dimension <= SampleTable.largestCount / total else {
                throw DataError(.tooLarge, at: path, "its header says that it has the shape \(dimensions) or more")
            }
            total *= max(dimension, 1)
        }
        guard dimensions.allSatisfy({ $0 > 0 }) else {
            throw DataError(.wrongShape, at: path, "it has the shape \(dimensions): there is nothing in it")
        }
        let expected = total * element.bytes
        guard reader.remaining == expected else {
            throw DataError(
                reader.remaining < expected ? .truncated : .trailingBytes, at: path,
                "its header says that \(expected) bytes of numbers follow; \(reader.remaining) do",
                hint: "fetch the file again")
        }
        return (element, dimensions)
    }

    private static func numbers(
        of element: Element, count: Int, from reader: inout ByteReader
    ) throws(DataError) -> SampleTable.Numbers {
        if element == .uint8 { return .uint8(Array(try reader.take(count))) }
        var values: [Float] = []
        values.reserveCapacity(count)
        for _ in 0..<count {
            let value: Float =
                switch element {
                case .uint8, .int8: Float(try reader.bigEndian(Int8.self))
                case .int16: Float(try reader.bigEndian(Int16.self))
                case .int32: Float(try reader.bigEndian(Int32.self))
                case .float32: Float(bitPattern: try reader.bigEndian(UInt32.self))
                case .float64: Float(Double(bitPattern: try reader.bigEndian(UInt64.self)))
                }
            guard value.isFinite else {
                throw DataError(.notFinite, at: reader.path, "number \(values.count) is not finite")
            }
            values.append(value)
        }
        return .float32(values)
    }
}

enum Labels {
    /// - Throws: `.outOfRange` whenever a number is not a whole one from 0 to 2^24.
    static func whole(_ numbers: SampleTable.Numbers, path: String) throws(DataError) -> [Int32] {
        switch numbers {
        case .uint8(let values): return values.map(Int32.init)
        case .float32(let values):
            if let wrong = values.firstIndex(where: { !($0 >= 0 && $0 <= 0x1p24 && $0.rounded() == $0) }) {
                throw DataError(
                    .outOfRange, at: path, "label \(wrong) is \(values[wrong])", hint: "labels are whole numbers from 0"
                )
            }
            return values.map { Int32($0) }
        }
    }
}
