import CZlib
import Glibc
import PrintableText

/// The arrays of an NPZ file: a ZIP archive of NPY files, stored or deflated (PKWARE, APPNOTE.TXT, sections 4.3 and 4.5.3).
struct ZIPArchive {
    private struct Member {
        var name: String
        var isDeflated: Bool
        var checksum: UInt32
        var packedSize: Int
        var size: Int
        var offset: Int
    }

    private let path: String
    private let file: ArchiveFile
    private let members: [Member]

    /// How many members an archive may have.
    private static let mostMembers = 1_000
    private static let endSignature: [UInt8] = [0x50, 0x4B, 5, 6]

    static func isZIP(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.starts(with: [0x50, 0x4B, 3, 4]) }

    /// Reads the list of members.
    /// - Throws: `.malformedHeader` whenever there is none.
    init(_ path: String) throws(DataError) {
        self.path = path
        file = try ArchiveFile(path)
        // The list's place stands at the end, before a comment of at most 65,535 bytes.
        let tail = try file.read(max(0, file.size - 66_000), count: min(file.size, 66_000))
        guard let place = tail.lastStart(of: Self.endSignature), tail.count - place >= 22 else {
            throw Self.damaged(path)
        }
        var count = tail.number(place + 10, 2)
        var (size, start) = (tail.number(place + 12, 4), tail.number(place + 16, 4))
        // NumPy writes the 64-bit form where 32 bits are not enough.
        if place >= 20, tail[(place - 20)...].starts(with: [0x50, 0x4B, 6, 7]) {
            let record = try file.read(tail.number(place - 12, 8), count: 56)
            (count, size, start) = (record.number(32, 8), record.number(40, 8), record.number(48, 8))
        }
        guard count <= Self.mostMembers, size <= 1 << 20 else {
            throw DataError(
                .tooLarge, at: path, "it is a ZIP archive of \(count) members", hint: "save one array as NPY")
        }
        members = try Self.members(try file.read(start, count: size), count: count, path)
    }

    private static func members(_ list: [UInt8], count: Int, _ path: String) throws(DataError) -> [Member] {
        var (members, place) = ([Member](), 0)
        for _ in 0..<count {
            guard list.count - place >= 46, list[place...].starts(with: [0x50, 0x4B, 1, 2]) else { throw damaged(path) }
            let (nameBytes, extraBytes) = (list.number(place + 28, 2), list.number(place + 30, 2))
            let end = place + 46 + nameBytes + extraBytes + list.number(place + 32, 2)
            guard end <= list.count else { throw damaged(path) }
            let method = list.number(place + 10, 2)
            guard method == 0 || method == 8, list.number(place + 8, 2) & 1 == 0 else {
                throw DataError(
                    .unsupportedType, at: path, "a member is encrypted or not deflated", hint: "use numpy.savez")
            }
            var member = Member(
                name: String(decoding: list[place + 46..<place + 46 + nameBytes], as: UTF8.self),
                isDeflated: method == 8, checksum: UInt32(list.number(place + 16, 4)),
                packedSize: list.number(place + 20, 4), size: list.number(place + 24, 4),
                offset: list.number(place + 42, 4))
            readLargeSizes(list[place + 46 + nameBytes..<place + 46 + nameBytes + extraBytes], into: &member)
            members.append(member)
            place = end
        }
        return members
    }

    /// Sizes that do not fit into 32 bits stand in an extra field, those of them that are needed.
    private static func readLargeSizes(_ extra: ArraySlice<UInt8>, into member: inout Member) {
        let bytes = Array(extra)
        var place = 0
        while bytes.count - place >= 4 {
            let (kind, length) = (bytes.number(place, 2), bytes.number(place + 2, 2))
            guard length <= bytes.count - place - 4 else { return }
            if kind == 1 {
                var value = place + 4
                let end = value + length
                for path in [\Member.size, \Member.packedSize, \Member.offset]
                where member[keyPath: path] == 0xFFFF_FFFF && end - value >= 8 {
                    member[keyPath: path] = bytes.number(value, 8)
                    value += 8
                }
            }
            place += 4 + length
        }
    }

    // MARK: Arrays

    /// - Parameter name: as in `numpy.savez(file, NAME=x)`; nil for the only one.
    /// - Returns: its header, and a source that stands behind that.
    func array(named name: String?) throws(DataError) -> (NumberArray, ByteSource) {
        let arrays = members.filter { $0.name.hasSuffix(".npy") }
        let names = arrays.map { String($0.name.dropLast(4)) }
        let list = names.prefix(8).map { $0.printable() }.joined(separator: ", ")
        let place = name.map { names.firstIndex(of: $0) } ?? (arrays.count == 1 ? 0 : nil)
        guard let place else {
            guard !members.contains(where: { $0.name == "xl/workbook.xml" }) else {
                throw DataError(.unknownFormat, at: path, "it is an Excel workbook", hint: "save the sheet as CSV")
            }
            guard !arrays.isEmpty else {
                throw DataError(
                    .unknownFormat, at: path, "it is a ZIP archive without arrays", hint: "unpack it, or save x as NPY")
            }
            throw DataError(
                .wrongShape, at: path,
                name.map { "it has no array '\($0.printable())'; its arrays are \(list)" }
                    ?? "it has \(arrays.count) arrays: \(list)", hint: "say which one: array: NAME (--array)")
        }
        let source = try source(of: arrays[place])
        return (try NPY.header(source), source)
    }

    private func source(of member: Member) throws(DataError) -> ByteSource {
        let header = try file.read(member.offset, count: 30)
        guard header.starts(with: [0x50, 0x4B, 3, 4]) else { throw Self.damaged(path) }
        let start = member.offset + 30 + header.number(26, 2) + header.number(28, 2)
        guard start <= file.size, member.packedSize <= file.size - start else { throw Self.damaged(path) }
        // Deflate packs at most 1,032 bytes into one.
        guard member.size <= (member.isDeflated ? member.packedSize * 1_032 + 64 : member.packedSize) else {
            throw Self.damaged(path)
        }
        let reader = MemberReader(
            file: file, path: path, place: start, end: start + member.packedSize, isDeflated: member.isDeflated,
            checksum: member.checksum)
        return ByteSource(path: path, bytesOnDisk: file.size, size: member.size) { () throws(DataError) in
            try reader.next()
        }
    }

    static func damaged(_ path: String) -> DataError {
        DataError(.malformedHeader, at: path, "the ZIP archive is damaged", hint: "fetch the file again")
    }
}

/// A file that is read at any place.
private final class ArchiveFile {
    let size: Int
    private let path: String
    private let descriptor: CInt

    init(_ path: String) throws(DataError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        var information = stat()
        guard descriptor >= 0, fstat(descriptor, &information) == 0 else {
            throw DataError(.unreadable, at: path, String(cString: strerror(errno)))
        }
        size = Int(information.st_size)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// - Throws: `.malformedHeader` where so many bytes are not there.
    func read(_ place: Int, count: Int) throws(DataError) -> [UInt8] {
        guard place >= 0, count >= 0, place <= size, count <= size - place else { throw ZIPArchive.damaged(path) }
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = readAll(descriptor, at: place, into: UnsafeMutableRawBufferPointer(buffer)) ?? 0
        }
        guard bytes.count == count else { throw ZIPArchive.damaged(path) }
        return bytes
    }
}

/// A member's bytes, unpacked part by part.
private final class MemberReader {
    private let file: ArchiveFile
    private let path: String
    private var place: Int
    private let end: Int
    private let isDeflated: Bool
    private var stream = z_stream()
    private var packed: [UInt8] = []
    private var isAtEnd = false
    /// CRC-32 of all that was unpacked, and what the archive says that it is.
    private var sum = crc32(0, nil, 0)
    private let checksum: UInt32

    private static let partBytes = 1 << 18

    init(file: ArchiveFile, path: String, place: Int, end: Int, isDeflated: Bool, checksum: UInt32) {
        (self.checksum, self.file, self.path, self.place, self.end) = (checksum, file, path, place, end)
        self.isDeflated = isDeflated
        // Deflated data without zlib's own header.
        if isDeflated, inflateInit2_(&stream, -15, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) != Z_OK {
            isAtEnd = true
        }
    }

    deinit { if isDeflated { inflateEnd(&stream) } }

    /// - Returns: nothing once all was read.
    /// - Throws: `.malformedHeader` where it is not what the archive says.
    func next() throws(DataError) -> [UInt8] {
        let part = try isDeflated ? nextUnpacked() : nextPacked()
        sum = part.withUnsafeBufferPointer { crc32(sum, $0.baseAddress, UInt32($0.count)) }
        guard !part.isEmpty || UInt32(truncatingIfNeeded: sum) == checksum else { throw ZIPArchive.damaged(path) }
        return part
    }

    private func nextUnpacked() throws(DataError) -> [UInt8] {
        while !isAtEnd {
            if packed.isEmpty { packed = try nextPacked() }
            let input = packed
            var status = Z_OK
            var unpacked = [UInt8](repeating: 0, count: Self.partBytes)
            let (used, made) = input.withUnsafeBufferPointer { input in
                unpacked.withUnsafeMutableBufferPointer { output -> (Int, Int) in
                    stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                    stream.avail_in = UInt32(input.count)
                    stream.next_out = output.baseAddress
                    stream.avail_out = UInt32(output.count)
                    status = inflate(&stream, Z_NO_FLUSH)
                    return (input.count - Int(stream.avail_in), output.count - Int(stream.avail_out))
                }
            }
            packed = Array(packed.dropFirst(used))
            isAtEnd = status == Z_STREAM_END
            guard status == Z_OK || isAtEnd else { throw ZIPArchive.damaged(path) }
            if made > 0 { return Array(unpacked.prefix(made)) }
        }
        return []
    }

    private func nextPacked() throws(DataError) -> [UInt8] {
        let count = min(Self.partBytes, end - place)
        defer { place += count }
        return count > 0 ? try file.read(place, count: count) : []
    }
}

extension [UInt8] {
    /// The little-endian whole number of so many bytes; one that does not fit is the largest there is.
    fileprivate func number(_ place: Int, _ bytes: Int) -> Int {
        let value = self[place..<place + bytes].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(clamping: value)
    }

    fileprivate func lastStart(of pattern: [UInt8]) -> Int? {
        guard count >= pattern.count else { return nil }
        return (0...count - pattern.count).last { self[$0...].starts(with: pattern) }
    }
}
