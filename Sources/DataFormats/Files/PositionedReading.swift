import Glibc

/// Reads from any place of an open file until `bytes` is full or the file ends.
///
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
