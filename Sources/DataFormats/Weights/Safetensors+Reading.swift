import FoundationEssentials
import PrintableText

extension Safetensors {
    private struct Entry: Decodable {
        var dtype: String
        var shape: [Int]
        var data_offsets: [Int]
    }

    /// A header's value: a tensor's entry or the metadata.
    private enum Value: Decodable {
        case entry(Entry)
        case metadata([String: String])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let entry = try? container.decode(Entry.self) {
                self = .entry(entry)
            } else {
                self = .metadata(try container.decode([String: String].self))
            }
        }
    }

    /// Reads a whole file.
    /// - Throws: an error of its own for each way in which the bytes can be wrong; the tensors must cover them without
    ///   gap or overlap.
    package init(decoding bytes: [UInt8], path: String) throws(DataError) {
        try self.init(ByteSource(bytes, path: path))
    }

    /// Reads a file from the disk; beside the values no more than a small part of its bytes is in memory at a time.
    package init(file path: String) throws(DataError) { try self.init(ByteSource(opening: path)) }

    private init(_ source: ByteSource) throws(DataError) {
        let path = source.path
        let length = try source.littleEndian(UInt64.self)
        guard length <= Self.largestHeader else {
            throw DataError(
                .malformedHeader, at: path,
                "its first bytes say that the header has \(length) bytes; at most"
                    + " \(Self.largestHeader) can be read", hint: "is it a safetensors file?")
        }
        guard Int(length) <= source.remaining else {
            throw DataError(
                .truncated, at: path, "its header should have \(length) bytes, but only \(source.remaining) follow",
                hint: "fetch the file again")
        }
        let header = try source.take(Int(length))
        guard let values = try? JSONDecoder().decode([String: Value].self, from: Data(header)) else {
            throw DataError(.malformedHeader, at: path, "its header is not the JSON of tensors and metadata")
        }
        // The decoder keeps one of two that have the same name.
        guard Self.nameCount(header) == values.count else {
            throw DataError(.duplicateName, at: path, "a name stands in its header twice")
        }
        guard values.count <= Self.largestTensorCount else {
            throw DataError(.tooLarge, at: path, "it has \(values.count) tensors")
        }
        var metadata: [String: String] = [:]
        var entries: [(name: String, entry: Entry)] = []
        for (name, value) in values {
            switch value {
            case .metadata(let text) where name == "__metadata__": metadata = text
            case .entry(let entry): entries.append((name, entry))
            case .metadata:
                throw DataError(.malformedHeader, at: path, "'\(name.printable())' in its header is no tensor")
            }
        }
        entries.sort { ($0.entry.data_offsets.first ?? 0, $0.name) < ($1.entry.data_offsets.first ?? 0, $1.name) }
        let tensors = try Self.tensors(entries, path: path, size: source.remaining)
        let numbers = try Self.numbers(count: tensors.reduce(0) { $0 + $1.count }, from: source)
        self.init(tensors: tensors, values: numbers, metadata: metadata)
    }

    /// How many names the outermost object of valid JSON has: as many as colons.
    private static func nameCount(_ json: [UInt8]) -> Int {
        var (depth, count, isInText, isEscaped) = (0, 0, false, false)
        for byte in json {
            if isInText {
                if byte == UInt8(ascii: "\"") && !isEscaped { isInText = false }
                isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ":") where depth == 1: count += 1
            default: break
            }
        }
        return count
    }

    private static func tensors(
        _ entries: [(name: String, entry: Entry)], path: String, size: Int
    ) throws(DataError) -> [Tensor] {
        var tensors: [Tensor] = []
        var end = 0
        for (name, entry) in entries {
            try check(name, entry, path: path, size: size)
            let offsets = entry.data_offsets
            guard offsets[0] >= end else {
                throw DataError(.overlappingTensors, at: path, "tensor '\(name.printable())' lies upon another")
            }
            guard offsets[0] == end else {
                throw DataError(
                    .gapBetweenTensors, at: path,
                    "there are bytes before '\(name.printable())' that belong to no tensor")
            }
            end = offsets[1]
            tensors.append(Tensor(name: name, shape: entry.shape))
        }
        guard end == size else {
            throw DataError(.trailingBytes, at: path, "\(size - end) bytes follow the last tensor")
        }
        return tensors
    }

    private static func numbers(count: Int, from source: ByteSource) throws(DataError) -> [Float] {
        try AvailableMemory.check(count * 4, for: source.path)
        var problem: DataError?
        let numbers = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            var rest = UnsafeMutableRawBufferPointer(buffer)[...]
            while !rest.isEmpty, problem == nil {
                do throws(DataError) {
                    let part = try source.take(min(rest.count, 1 << 20))
                    UnsafeMutableRawBufferPointer(rebasing: rest).copyBytes(from: part)
                    rest = rest.dropFirst(part.count)
                } catch { problem = error }
            }
            filled = problem == nil ? count : 0
        }
        if let problem { throw problem }
        return numbers
    }

    private static func check(_ name: String, _ entry: Entry, path: String, size: Int) throws(DataError) {
        guard entry.dtype == "F32" else {
            throw DataError(
                .unsupportedType, at: path, "tensor '\(name.printable())' has the type \(entry.dtype.printable())",
                hint: "save it as F32")
        }
        guard entry.data_offsets.count == 2, entry.data_offsets[0] >= 0, entry.data_offsets[1] <= size,
            entry.data_offsets[0] <= entry.data_offsets[1]
        else {
            throw DataError(
                .offsetOutOfRange, at: path,
                "tensor '\(name.printable())' should lie at \("\(entry.data_offsets)".printable()),"
                    + " but there are \(size) bytes")
        }
        let bytes = entry.data_offsets[1] - entry.data_offsets[0]
        let wrongShape = DataError(
            .wrongShape, at: path,
            "tensor '\(name.printable())' of shape \("\(entry.shape)".printable()) has \(bytes) bytes")
        var count = 1
        for dimension in entry.shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow, product <= bytes else { throw wrongShape }
            count = product
        }
        guard count * 4 == bytes else { throw wrongShape }
    }
}
