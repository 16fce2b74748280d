package import FoundationEssentials

/// A task's result as it travels and is kept.
///
/// | bytes | what |
/// |---|---|
/// | 0 ..< 8 | `CAIRNUPD` |
/// | 8 ..< 10 | version, little-endian like all that follows: 1 |
/// | 10 ..< 12 | encoding of the numbers: 1 is f32 |
/// | 12 ..< 16 | length of the header |
/// | 16 ..< 24 | how many numbers |
/// | 24 ... | header: the task's id and figures as JSON, padded with spaces to a multiple of 8 bytes |
/// | then | the numbers |
package struct UpdateFormat {
    package enum Encoding: UInt16, Sendable {
        case float32 = 1

        package var bytesPerElement: Int { 4 }
    }

    /// The front of an update: everything but the numbers.
    package struct Header: Codable, Hashable, Sendable {
        package var task: TaskID
        package var figures: TaskFigures
    }

    /// What stands before the numbers.
    package struct Preamble: Hashable, Sendable {
        package let header: Header
        package let encoding: Encoding
        package let elementCount: Int
        /// Where the numbers start, in bytes from the beginning.
        package let payloadOffset: Int

        /// The size of the whole update in bytes.
        package var totalBytes: Int { payloadOffset + elementCount * encoding.bytesPerElement }
    }

    package static let magic = Array("CAIRNUPD".utf8)
    package static let fixedBytes = 24

    /// The most bytes an update of `elementCount` numbers can have.
    package static func largestSize(elementCount: Int) -> Int {
        fixedBytes + Limits.updateHeaderBytes + elementCount * 4
    }

    /// - Throws: `.headerTooLarge` whenever the figures take more room than a coordinator reads.
    package static func encode(task: TaskID, result: TaskResult) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var header = try encoder.encode(Header(task: task, figures: result.figures))
        guard header.count + 8 <= Limits.updateHeaderBytes else { throw UpdateError.headerTooLarge(header.count) }
        header.append(contentsOf: [UInt8](repeating: 32, count: (8 - header.count % 8) % 8))
        var data = Data(capacity: fixedBytes + header.count + result.vector.count * 4)
        data.append(contentsOf: magic)
        append(UInt16(1), to: &data)
        append(Encoding.float32.rawValue, to: &data)
        append(UInt32(header.count), to: &data)
        append(UInt64(result.vector.count), to: &data)
        data.append(header)
        result.vector.withUnsafeBytes { data.append(contentsOf: $0) }
        return data
    }

    /// Reads what stands before the numbers from the first bytes of an update: at least `fixedBytes` and the header.
    /// - Throws: `UpdateError` whenever they are not the beginning of an update.
    package static func preamble(of data: Data) throws(UpdateError) -> Preamble {
        let bytes = [UInt8](data.prefix(fixedBytes))
        guard bytes.count == fixedBytes, Array(bytes[0..<8]) == magic else { throw .notAnUpdate }
        let version = Int(integer(bytes[8..<10]))
        guard version == 1 else { throw .unknownVersion(version) }
        guard let encoding = Encoding(rawValue: UInt16(integer(bytes[10..<12])))
        else { throw .unknownEncoding(Int(integer(bytes[10..<12]))) }
        let headerBytes = Int(integer(bytes[12..<16]))
        guard headerBytes <= Limits.updateHeaderBytes else { throw .headerTooLarge(headerBytes) }
        let count = integer(bytes[16..<24])
        guard count <= Limits.parameters else { throw .tooManyNumbers(count) }
        let headerData = data.dropFirst(fixedBytes).prefix(headerBytes)
        guard headerData.count == headerBytes else { throw .truncated }
        guard let header = try? JSONDecoder().decode(Header.self, from: headerData) else { throw .malformedHeader }
        return Preamble(
            header: header, encoding: encoding, elementCount: Int(count), payloadOffset: fixedBytes + headerBytes)
    }

    /// Reads a whole update.
    /// - Throws: `UpdateError` whenever it is not one, or has too few or too many bytes.
    package static func decode(_ data: Data) throws(UpdateError) -> (task: TaskID, result: TaskResult) {
        let preamble = try preamble(of: data)
        guard data.count >= preamble.totalBytes else { throw .truncated }
        guard data.count == preamble.totalBytes else { throw .trailingBytes(data.count - preamble.totalBytes) }
        let payload = data.dropFirst(preamble.payloadOffset)
        let vector = [Float](unsafeUninitializedCapacity: preamble.elementCount) { buffer, count in
            _ = payload.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
            count = preamble.elementCount
        }
        return (preamble.header.task, TaskResult(figures: preamble.header.figures, vector: vector))
    }

    private static func append(_ value: some FixedWidthInteger, to data: inout Data) {
        withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// Why some bytes are not an update.
package enum UpdateError: Error, Hashable, Sendable, CustomStringConvertible {
    case notAnUpdate
    case unknownVersion(Int)
    case unknownEncoding(Int)
    case headerTooLarge(Int)
    case tooManyNumbers(UInt64)
    case malformedHeader
    case truncated
    case trailingBytes(Int)

    package var description: String {
        switch self {
        case .notAnUpdate: "these bytes are not an update: they do not begin with CAIRNUPD"
        case .unknownVersion(let version): "the update has version \(version); this program reads version 1"
        case .unknownEncoding(let code): "the update's numbers have encoding \(code); this program reads 1 (f32)"
        case .headerTooLarge(let bytes):
            "the update's header has \(bytes) bytes; at most \(Limits.updateHeaderBytes) are allowed"
        case .tooManyNumbers(let count):
            "the update says it has \(count) numbers; at most \(Limits.parameters) are allowed"
        case .malformedHeader: "the update's header is not the JSON of a task's id and figures"
        case .truncated: "the update ends before its last number"
        case .trailingBytes(let count): "the update has \(count) bytes after its last number"
        }
    }
}
