package import FoundationEssentials
import Glibc

/// Files that are there whole or not at all.
package enum AtomicFile {
    /// Writes beside `path`, brings it to the disk, renames it into place, and brings that to the disk too. Until it is
    /// renamed nothing is left behind on a failure. Any number of threads and processes may write at once.
    ///
    /// - Throws: `.storageFull` or `.unwritable`.
    package static func write(_ data: Data, to path: String) throws(DataError) {
        let temporary = "\(path).\(String(UInt64.random(in: 0 ... .max), radix: 36)).partial"
        let descriptor = retrying { open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644) }
        guard descriptor >= 0 else { throw failure(path, errno) }
        var problem = data.withUnsafeBytes { writeAll($0, to: descriptor) }
        if problem == 0, retrying({ fsync(descriptor) }) != 0 { problem = errno }
        // Closed even where it says that it was interrupted.
        if close(descriptor) != 0, errno != EINTR, problem == 0 { problem = errno }
        if problem == 0, rename(temporary, path) != 0 { problem = errno }
        guard problem == 0 else {
            unlink(temporary)
            throw failure(path, problem)
        }
        try synchronizeFolder(of: path)
    }

    /// A new name is on the disk only when its folder is.
    private static func synchronizeFolder(of path: String) throws(DataError) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = retrying { open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        // A folder that may be written but not read cannot be opened: then there is no more to be done.
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // Some file systems have nothing to do here, and say so.
        guard retrying({ fsync(descriptor) }) == 0 || errno == EINVAL || errno == ENOTSUP else {
            throw failure(path, errno)
        }
    }

    /// Calls again what a signal has interrupted.
    private static func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
        while true {
            let result = call()
            if result != -1 || errno != EINTR { return result }
        }
    }

    /// - Returns: 0, or why not all was written.
    private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = retrying {
                Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            }
            guard count > 0 else { return count < 0 ? errno : EIO }
            rest = rest.dropFirst(count)
        }
        return 0
    }

    private static func failure(_ path: String, _ problem: Int32) -> DataError {
        problem == ENOSPC || problem == EDQUOT
            ? DataError(
                .storageFull, at: path, "the disk is full", hint: "make room and try again; nothing was written")
            : DataError(
                .unwritable, at: path, "cannot be written: \(String(cString: strerror(problem)))",
                hint: "choose another place")
    }
}
