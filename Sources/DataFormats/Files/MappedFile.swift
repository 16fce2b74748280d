import Glibc

/// A file's bytes without reading them: the kernel fetches the pages that are looked at, and drops them when memory is
/// short. Unmapped with the last reference.
///
/// If the file is cut off meanwhile, the process ends. So only files that no other program writes to are mapped, and those
/// are replaced by renaming, never written over.
package final class MappedFile: Sendable {
    package let path: String
    package let bytes: Bytes

    /// Read-only memory.
    package struct Bytes: @unchecked Sendable { package let buffer: UnsafeRawBufferPointer }

    /// - Throws: `.notFound`, `.unreadable` or `.hostShortage`.
    package init(_ path: String) throws(DataError) {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let problem = errno
            throw DataError(shortage: problem, at: path)
                ?? DataError(problem == ENOENT ? .notFound : .unreadable, at: path, String(cString: strerror(problem)))
        }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            throw DataError(.unreadable, at: path, "this is not a file")
        }
        let count = Int(information.st_size)
        guard count > 0 else {
            bytes = Bytes(buffer: UnsafeRawBufferPointer(start: nil, count: 0))
            return
        }
        guard let memory = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), memory != MAP_FAILED else {
            throw DataError(.unreadable, at: path, "cannot be mapped: \(String(cString: strerror(errno)))")
        }
        bytes = Bytes(buffer: UnsafeRawBufferPointer(start: memory, count: count))
    }

    deinit {
        guard let start = bytes.buffer.baseAddress else { return }
        munmap(UnsafeMutableRawPointer(mutating: start), bytes.buffer.count)
    }

    /// Whether so many bytes leave memory enough for everything else.
    package static func fitsMemory(_ count: Int) -> Bool { count <= AvailableMemory.bytes / 2 }

    /// Tells the kernel that all of the file will be wanted soon, in whatever order: it is read in one go, which is faster
    /// than page by page. Of a file that memory has no room for it is told that what lies beside is not wanted.
    package func expectUse() {
        guard let start = bytes.buffer.baseAddress else { return }
        let advice = Self.fitsMemory(bytes.buffer.count) ? MADV_WILLNEED : MADV_RANDOM
        madvise(UnsafeMutableRawPointer(mutating: start), bytes.buffer.count, CInt(advice))
    }
}
