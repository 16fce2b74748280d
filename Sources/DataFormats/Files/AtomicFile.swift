package import FoundationEssentials
import Glibc

/// Files that are there whole or not at all.
package enum AtomicFile {
    /// Writes beside `path`, brings it to the disk, and renames it into place; on any failure nothing is left behind.
    ///
    /// - Throws: `.storageFull` or `.unwritable`.
    package static func write(_ data: Data, to path: String) throws(DataError) {
        let temporary = "\(path).\(getpid()).partial"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(path) }
        var written = data.withUnsafeBytes { writeAll($0, to: descriptor) }
        written = written && fsync(descriptor) == 0
        let problem = errno
        written = close(descriptor) == 0 && written
        guard written, rename(temporary, path) == 0 else {
            if !written { errno = problem }
            let error = failure(path)
            unlink(temporary)
            throw error
        }
    }

    private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func failure(_ path: String) -> DataError {
        let reason = String(cString: strerror(errno))
        return errno == ENOSPC || errno == EDQUOT
            ? DataError(
                .storageFull, at: path, "the disk is full", hint: "make room and try again; nothing was written")
            : DataError(.unwritable, at: path, "cannot be written: \(reason)", hint: "choose another place")
    }
}
