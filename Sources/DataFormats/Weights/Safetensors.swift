package import FoundationEssentials

/// Named float32 tensors and text about them, in the safetensors format: eight bytes with the header's length, a JSON
/// header, the tensors' bytes without gaps. The same tensors and metadata always give the same bytes.
package struct Safetensors: Hashable, Sendable {
    package struct Tensor: Hashable, Sendable {
        package var name: String
        package var shape: [Int]

        package init(name: String, shape: [Int]) { (self.name, self.shape) = (name, shape) }

        package var count: Int { shape.reduce(1, *) }
    }

    /// In the order in which they lie in the file.
    package let tensors: [Tensor]
    /// Of all tensors, one after the other, each row-major.
    package let values: [Float]
    package let metadata: [String: String]

    package static let largestHeader = 16 << 20
    package static let largestTensorCount = 100_000

    package init(tensors: [Tensor], values: [Float], metadata: [String: String]) {
        let count = tensors.reduce(0) { $0 + $1.count }
        precondition(values.count == count, "\(values.count) values for tensors of \(count)")
        (self.tensors, self.values, self.metadata) = (tensors, values, metadata)
    }

    // MARK: Writing

    package func encoded() -> Data {
        var data = Data(capacity: values.count * MemoryLayout<Float>.size)
        write { data.append(contentsOf: $0) }
        return data
    }

    /// Hands the file's bytes over piece by piece.
    package func write(_ append: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        try header.withUnsafeBytes(append)
        try values.withUnsafeBytes(append)
    }

    /// All that stands before the values.
    private var header: [UInt8] {
        var entries: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            entries.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for tensor in tensors {
            let end = offset + tensor.count * 4
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            entries.append(
                "\(quoted(tensor.name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var header = Array("{\(entries.joined(separator: ","))}".utf8)
        header += [UInt8](repeating: 32, count: (8 - header.count % 8) % 8)
        return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
    }

    /// `text` as JSON writes it.
    private func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"": return "\\\""
            case "\\": return "\\\\"
            case "\n": return "\\n"
            case _ where scalar.value < 32:
                let digits = String(scalar.value, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: return String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
