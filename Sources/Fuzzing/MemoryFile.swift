import Glibc

/// Bytes as a file for readers that take a path. It lies in memory, and has no name by which it could be left behind.
enum MemoryFile {
    /// Calls `body` with a path to the file.
    static func with<Result>(_ bytes: UnsafeRawBufferPointer, _ body: (String) throws -> Result) rethrows -> Result {
        var template = Array("/dev/shm/cairn-fuzz-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        precondition(descriptor >= 0, "no file in /dev/shm: \(String(cString: strerror(errno)))")
        defer { close(descriptor) }
        unlink(template)
        let count = bytes.isEmpty ? 0 : write(descriptor, bytes.baseAddress, bytes.count)
        precondition(count == bytes.count, "/dev/shm took \(count) of \(bytes.count) bytes")
        return try body("/proc/self/fd/\(descriptor)")
    }
}
