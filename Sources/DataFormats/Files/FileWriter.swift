package import FoundationEssentials
import Glibc

/// A file that is written piece by piece and gets its name when it is whole. What is not kept is deleted.
///
/// ```swift
/// let writer = try FileWriter(beside: path)
/// try writer.append(bytes)
/// try writer.keep(as: path)
/// ```
package final class FileWriter {
    /// How the names of files on their way end.
    package static let unfinishedSuffix = ".partial"

    private let path: String
    private let temporary: String
    private var descriptor: Int32
    package private(set) var count = 0

    /// - Parameter isPrivate: whether nobody but this user may read it.
    /// - Throws: `.storageFull`, `.unwritable` or `.hostShortage`, like all that follows.
    package init(beside path: String, isPrivate: Bool = false) throws(DataError) {
        self.path = path
        temporary = "\(path).\(String(UInt64.random(in: 0 ... .max), radix: 36))\(Self.unfinishedSuffix)"
        let name = temporary
        descriptor = WritePoint.createFile.perform {
            retrying { open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, isPrivate ? 0o600 : 0o644) }
        }
        guard descriptor >= 0 else { throw failure(path, errno) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        drop()
    }

    private func drop() { _ = WritePoint.dropFile.perform { unlink(temporary) } }

    package func append(_ bytes: UnsafeRawBufferPointer) throws(DataError) {
        try write(bytes, at: count)
        count += bytes.count
    }

    /// Writes over the first bytes: a header that is known only at the end.
    package func replaceStart(_ bytes: UnsafeRawBufferPointer) throws(DataError) {
        precondition(bytes.count <= count, "what is replaced was written before")
        try write(bytes, at: 0)
    }

    private func write(_ bytes: UnsafeRawBufferPointer, at start: Int) throws(DataError) {
        var offset = 0
        while offset < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            let written = WritePoint.writeFile.perform {
                retrying { pwrite(descriptor, rest.baseAddress, rest.count, off_t(start + offset)) }
            }
            guard written > 0 else { throw failure(path, written < 0 ? errno : EIO) }
            offset += written
        }
    }

    /// Gives the file its name, on the same file system.
    /// - Parameter isDurable: brings it to the disk before, and its name after.
    package func keep(as path: String, isDurable: Bool = true) throws(DataError) {
        if isDurable, WritePoint.synchronizeFile.perform({ retrying { fsync(descriptor) } }) != 0 {
            throw failure(path, errno)
        }
        // Closed even where it says that it was interrupted.
        let problem = close(descriptor) != 0 && errno != EINTR ? errno : 0
        descriptor = -1
        guard problem == 0, WritePoint.nameFile.perform({ rename(temporary, path) }) == 0 else {
            let reason = problem == 0 ? errno : problem
            drop()
            throw failure(path, reason)
        }
        if isDurable { try AtomicFile.synchronizeFolder(of: path) }
    }
}

extension AtomicFile {
    /// Brings the name of `path` to the disk: it is there only when its folder is.
    package static func synchronizeFolder(of path: String) throws(DataError) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = retrying { open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        // A folder that may be written but not read cannot be opened: then there is no more to be done.
        guard descriptor >= 0 else {
            if let shortage = DataError(shortage: errno, at: folder) { throw shortage }
            return
        }
        defer { close(descriptor) }
        let result = WritePoint.synchronizeFolder.perform { retrying { fsync(descriptor) } }
        // Some file systems have nothing to do here, and say so.
        guard result == 0 || errno == EINVAL || errno == ENOTSUP else { throw failure(path, errno) }
    }
}

/// Calls again what a signal has interrupted.
private func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}

private func failure(_ path: String, _ problem: Int32) -> DataError {
    if let shortage = DataError(shortage: problem, at: path) { return shortage }
    return problem == ENOSPC || problem == EDQUOT
        ? DataError(.storageFull, at: path, "the disk is full", hint: "make room and try again; nothing was written")
        : DataError(
            .unwritable, at: path, "cannot be written: \(String(cString: strerror(problem)))",
            hint: "choose another place")
}

/// Files that are there whole or not at all.
package enum AtomicFile {
    /// Writes beside `path`, brings it to the disk, renames it into place, and brings that to the disk too. Until it is
    /// renamed nothing is left behind on a failure. Any number of threads and processes may write at once.
    /// - Parameter isPrivate: whether nobody but this user may read it.
    /// - Throws: `.storageFull` or `.unwritable`.
    package static func write(_ data: Data, to path: String, isPrivate: Bool = false) throws(DataError) {
        let writer = try FileWriter(beside: path, isPrivate: isPrivate)
        var failure: DataError?
        data.withUnsafeBytes { bytes in
            do throws(DataError) { try writer.append(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
        try writer.keep(as: path)
    }
}
