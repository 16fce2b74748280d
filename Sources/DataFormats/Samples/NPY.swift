package import FoundationEssentials
import PrintableText

/// NumPy's format for one array (numpy.lib.format, versions 1 to 3), C order.
package enum NPY {
    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    private static let largestHeader = 1 << 16

    /// The types of the numbers of samples, as NumPy writes them.
    package enum ElementType: String, Sendable {
        case uint8 = "|u1"
        case float32 = "<f4"

        package var bytes: Int { self == .uint8 ? 1 : 4 }
    }

    /// What stands before samples: an array of shape (count, size), its numbers row-major.
    package static func header(_ type: ElementType, count: Int, size: Int) -> Data {
        header(type: type.rawValue, shape: "(\(count), \(size))")
    }

    /// Samples as an array of shape (count, size), `|u1` or `<f4`.
    package static func encode(_ table: SampleTable) -> Data {
        let numbers = table.numbers
        return header(numbers.type, count: table.count, size: table.size) + numbers.withUnsafeBytes { Data($0) }
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

    private static let types: [Substring: NumberType] = [
        "b1": .bool, "u1": .uint8, "i1": .int8, "u2": .uint16, "i2": .int16, "u4": .uint32, "i4": .int32,
        "u8": .uint64, "i8": .int64, "f2": .float16, "f4": .float32, "f8": .float64,
    ]

    package static func header(_ source: ByteSource) throws(DataError) -> NumberArray {
        let path = source.path
        guard isNPY(try source.take(magic.count)[...]) else {
            throw DataError(.malformedHeader, at: path, "this is not an NPY file: it does not begin with \\x93NUMPY")
        }
        let major = try source.littleEndian(UInt16.self) & 255
        guard (1...3).contains(major) else {
            throw DataError(.malformedHeader, at: path, "it has NPY version \(major); 1, 2 and 3 can be read")
        }
        let length = major == 1 ? Int(try source.littleEndian(UInt16.self)) : Int(try source.littleEndian(UInt32.self))
        guard length <= largestHeader else {
            throw DataError(.malformedHeader, at: path, "its header says that it has \(length) bytes")
        }
        return try array(String(decoding: try source.take(length), as: UTF8.self), path: path)
    }

    private static func array(_ header: String, path: String) throws(DataError) -> NumberArray {
        guard let type = header.firstMatch(of: /['"]descr['"]:\s*(['"][^'"]*['"]|\[)/)?.1,
            let order = header.firstMatch(of: /['"]fortran_order['"]:\s*(True|False)/),
            let shape = header.firstMatch(of: /['"]shape['"]:\s*\(([0-9L, ]*)\)/)
        else {
            throw DataError(.malformedHeader, at: path, "its header has no descr, fortran_order and shape")
        }
        guard type != "[" else {
            throw DataError(
                .unsupportedType, at: path, "it is a structured array, with several fields a row",
                hint: "save numpy.lib.recfunctions.structured_to_unstructured(x)")
        }
        let name = type.dropFirst().dropLast()
        guard let number = types[name.dropFirst()], let byteOrder = name.first, "<>|".contains(byteOrder),
            byteOrder != "|" || number.bytes == 1
        else {
            throw DataError(
                .unsupportedType, at: path,
                "its values have the type '\(name.printable())', not numbers that can be read",
                hint: "save them as bool, uint8 to int64, float16, float32 or float64")
        }
        var dimensions: [Int] = []
        for part in shape.1.split(separator: ",") {
            let digits = part.filter { $0 != " " && $0 != "L" }
            if digits.isEmpty { continue }
            guard let dimension = Int(digits) else {
                throw DataError(.wrongShape, at: path, "its shape is (\(shape.1.printable()))")
            }
            dimensions.append(dimension)
        }
        return try NumberArray(
            type: number, isBigEndian: byteOrder == ">", isColumnMajor: order.1 == "True", shape: dimensions, path: path
        )
    }
}
