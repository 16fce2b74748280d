import CZlib
import Glibc

/// Bytes one after the other, from memory or from a file; a gzipped file is unpacked as it is read, and no further than
/// it is asked for.
package final class ByteSource {
    package let path: String
    /// The size is not known before all is unpacked.
    let isPacked: Bool
    /// The file's size; of bytes in memory, their number.
    let bytesOnDisk: Int
    /// Whether the bytes lie one behind the other in the file itself, from its beginning.
    let isPlainFile: Bool
    private let file: gzFile?
    /// Gives the next bytes of an archive's member; none at its end.
    private let member: (() throws(DataError) -> [UInt8])?
    private var buffer: ArraySlice<UInt8>
    /// What is in the file beyond the buffer, or can be.
    private var unread: Int

    private static let chunkBytes = 1 << 20
    /// Deflate packs no more bytes than this into one.
    private static let largestRatio = 1_032
    /// To which digits and photographs are packed, at most.
    private static let usualRatio = 8

    package init(_ bytes: [UInt8], path: String) {
        self.path = path
        isPacked = false
        bytesOnDisk = bytes.count
        isPlainFile = false
        file = nil
        member = nil
        buffer = bytes[...]
        unread = 0
    }

    /// - Throws: `.notFound`, `.unreadable` or `.hostShortage`.
    package init(opening path: String) throws(DataError) {
        self.path = path
        var information = stat()
        guard stat(path, &information) == 0 else {
            throw DataError(.notFound, at: path, "there is no such file", hint: "check the path")
        }
        guard information.st_mode & S_IFMT == S_IFREG else {
            throw DataError(.unreadable, at: path, "this is not a file")
        }
        // zlib reads plain files as they are.
        guard let opened = gzopen(path, "rb") else {
            let problem = errno
            throw DataError(shortage: problem, at: path)
                ?? DataError(.unreadable, at: path, String(cString: strerror(problem)), hint: "check its permissions")
        }
        gzbuffer(opened, 1 << 18)
        file = opened
        bytesOnDisk = Int(information.st_size)
        isPacked = gzdirect(opened) == 0
        isPlainFile = !isPacked
        member = nil
        buffer = []
        unread = isPacked ? bytesOnDisk * Self.largestRatio : bytesOnDisk
    }

    /// A member of an archive, unpacked as it is read.
    /// - Parameters:
    ///   - size: of the member when it is unpacked, as the archive says.
    ///   - next: gives the bytes in parts; none at the end.
    init(path: String, bytesOnDisk: Int, size: Int, next: @escaping () throws(DataError) -> [UInt8]) {
        (self.path, self.bytesOnDisk) = (path, bytesOnDisk)
        isPacked = true
        isPlainFile = false
        file = nil
        member = next
        buffer = []
        unread = size
    }

    deinit { if let file { gzclose(file) } }

    /// How many bytes are left; where `isPacked`, how many there can be at most.
    var remaining: Int { buffer.count + unread }

    /// For how many of `count` bytes memory is set aside at once: what a packed file claims is not believed much beyond
    /// what is usual before it is there.
    func believable(_ count: Int) -> Int {
        max(0, min(count, isPacked ? max(Self.chunkBytes, bytesOnDisk * Self.usualRatio) : remaining))
    }

    /// The next `count` bytes, or fewer before the end; they stay to be taken.
    package func peek(_ count: Int) throws(DataError) -> ArraySlice<UInt8> {
        while buffer.count < count, try fill() {}
        return buffer.prefix(count)
    }

    /// As many of the next `count` bytes as are at hand; none at the end.
    package func next(atMost count: Int) throws(DataError) -> ArraySlice<UInt8> {
        if buffer.isEmpty { _ = try fill() }
        defer { buffer = buffer.dropFirst(count) }
        return buffer.prefix(count)
    }

    /// The next `count` bytes.
    package func take(_ count: Int) throws(DataError) -> [UInt8] {
        var taken: [UInt8] = []
        taken.reserveCapacity(believable(count))
        while taken.count < count {
            let part = try next(atMost: count - taken.count)
            guard !part.isEmpty else {
                throw DataError(
                    .truncated, at: path, "it ends too early: \(count) bytes were expected, \(taken.count) are there",
                    hint: "fetch the file again")
            }
            taken += part
        }
        return taken
    }

    func bigEndian<Number: FixedWidthInteger>(_ type: Number.Type) throws(DataError) -> Number {
        try take(MemoryLayout<Number>.size).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    func littleEndian<Number: FixedWidthInteger>(_ type: Number.Type) throws(DataError) -> Number {
        try take(MemoryLayout<Number>.size).reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    /// - Returns: false at the end.
    private func fill() throws(DataError) -> Bool {
        if let member {
            let part = try member()
            unread = part.isEmpty ? 0 : max(0, unread - part.count)
            buffer = buffer.isEmpty ? part[...] : ArraySlice(buffer + part)
            return !part.isEmpty
        }
        guard let file else { return false }
        var count: Int32 = 0
        let chunk = [UInt8](unsafeUninitializedCapacity: Self.chunkBytes) { bytes, filled in
            count = gzread(file, bytes.baseAddress, UInt32(bytes.count))
            filled = Int(max(0, count))
        }
        guard count >= 0 else {
            throw DataError(.truncated, at: path, "the gzip data are damaged", hint: "fetch the file again")
        }
        unread = max(0, unread - chunk.count)
        buffer = buffer.isEmpty ? chunk[...] : ArraySlice(buffer + chunk)
        if chunk.isEmpty {
            unread = 0
            // A gzip file that ends early is an error only to those who ask.
            var status: Int32 = 0
            _ = gzerror(file, &status)
            guard status == Z_OK || status == Z_STREAM_END else {
                throw DataError(.truncated, at: path, "the gzip data end too early", hint: "fetch the file again")
            }
        }
        return !chunk.isEmpty
    }
}
