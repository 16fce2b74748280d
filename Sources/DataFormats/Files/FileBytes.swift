import Glibc

/// The bytes of files, unpacked where they are gzipped.
package enum FileBytes {
    /// The most bytes that are read from one file, unpacked.
    package static let largestSize = 1 << 36

    /// Reads a file; a gzipped one is unpacked as it is read.
    /// - Parameter limit: how many unpacked bytes there may be.
    /// - Throws: `.notFound`, `.unreadable`, `.tooLarge` or, for damaged gzip, `.truncated`.
    package static func read(_ path: String, limit: Int = largestSize) throws(DataError) -> [UInt8] {
        let source = try ByteSource(opening: path)
        var bytes: [UInt8] = []
        if !source.isPacked {
            try AvailableMemory.check(min(source.remaining, limit), for: path)
            bytes.reserveCapacity(min(source.remaining, limit))
        }
        while true {
            let part = try source.next(atMost: .max)
            if part.isEmpty { return bytes }
            guard part.count <= limit - bytes.count else {
                throw DataError(.tooLarge, at: path, "there are more than \(limit) bytes in it")
            }
            bytes += part
        }
    }
}

/// Reads from any place of an open file until `bytes` is full or the file ends.
/// - Returns: how many bytes were read; nil, and the reason in `errno`, where reading fails.
package func readAll(_ descriptor: CInt, at place: Int, into bytes: UnsafeMutableRawBufferPointer) -> Int? {
    var filled = 0
    while filled < bytes.count {
        let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])
        let count = pread(descriptor, rest.baseAddress, rest.count, off_t(place + filled))
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { return nil }
        guard count > 0 else { break }
        filled += count
    }
    return filled
}
