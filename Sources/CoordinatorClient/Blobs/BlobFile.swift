import FoundationEssentials
import Glibc
import RunProtocol

/// A file of this machine that cannot be read or written.
package struct BlobFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and what to do, in one line.
    package let description: String

    /// Says what `errno` says.
    init(_ path: String, _ action: String) {
        let reason = String(cString: strerror(errno))
        let remedy = errno == ENOSPC || errno == EDQUOT ? "make room" : "check the path and its permissions"
        description = "'\(path.asOneLine)' cannot be \(action): \(reason); \(remedy)"
    }
}

/// A blob on its way into a file: written beside the file's place under a name of its own, its digest computed as it
/// comes in. What is not kept is deleted.
final class BlobFile {
    /// How the names of files on their way end.
    static let unfinishedSuffix = ".partial"

    private let path: String
    private let temporary: String
    private let descriptor: Int32
    private var hasher = DigestHasher()
    private(set) var bytes = 0
    private var isKept = false

    /// - Throws: `BlobFileError` whenever there can be no file at `path`.
    init(for path: String) throws {
        self.path = path
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        if !folder.isEmpty {
            try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        temporary = "\(path).\(String(UInt64.random(in: 0...UInt64.max), radix: 16))\(Self.unfinishedSuffix)"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw BlobFileError(path, "written") }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        if !isKept { unlink(temporary) }
    }

    func append(_ new: UnsafeRawBufferPointer) throws {
        var rest = new[...]
        while !rest.isEmpty {
            let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            guard count > 0 else { throw BlobFileError(path, "written") }
            rest = rest.dropFirst(count)
        }
        hasher.update(new)
        bytes += new.count
    }

    func startOver() throws {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw BlobFileError(path, "written")
        }
        hasher = DigestHasher()
        bytes = 0
    }

    /// Of what has come in so far.
    var digest: Digest { hasher.finish() }

    /// Gives the file its name.
    func keep(isDurable: Bool) throws {
        guard !isDurable || fsync(descriptor) == 0, rename(temporary, path) == 0 else {
            throw BlobFileError(path, "written")
        }
        isKept = true
    }
}

// MARK: Files that are there

extension BlobFile {
    /// - Returns: nil where there is no file.
    static func digest(of path: String) throws -> Digest? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw BlobFileError(path, "read")
        }
        defer { close(descriptor) }
        var hasher = DigestHasher()
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { chunk.deallocate() }
        while true {
            let count = read(descriptor, chunk.baseAddress, chunk.count)
            guard count >= 0 else { throw BlobFileError(path, "read") }
            if count == 0 { return hasher.finish() }
            hasher.update(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
        }
    }

    /// Notes that the file was used just now, since most file systems do not do so by themselves at each reading.
    /// - Returns: false where there is no file.
    static func markUsed(_ path: String) -> Bool { utimes(path, nil) == 0 || errno != ENOENT }
}

/// Keeps a folder of blobs below a size: deletes those that have not been used for the longest time.
///
/// A blob that was used within the last minute stays whatever the limit is, since its path may just have been given
/// out; to delete one that is open for reading does no harm. Downloads that a killed process left behind go after an
/// hour. Files that are not named like blobs are neither counted nor touched.
/// - Throws: `BlobFileError` whenever the folder is there and cannot be read.
package func pruneCache(folder: String, limitBytes: Int) throws {
    guard access(folder, F_OK) == 0 else { return }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
        throw BlobFileError(folder, "read")
    }
    let files = names.compactMap { CachedFile(folder: folder, name: $0) }
    let now = time(nil)
    for file in files where !file.isBlob && file.modified < now - 3_600 { unlink(file.path) }

    let blobs = files.filter(\.isBlob).sorted { ($0.used, $0.path) < ($1.used, $1.path) }
    var bytes = blobs.reduce(0) { $0 + $1.bytes }
    for blob in blobs where bytes > limitBytes && blob.used < now - 60 {
        if unlink(blob.path) == 0 { bytes -= blob.bytes }
    }
}

/// A file in a folder of blobs that is a blob or was to become one.
private struct CachedFile {
    let path: String
    let isBlob: Bool
    let bytes: Int
    let used: Int
    let modified: Int

    init?(folder: String, name: String) {
        let digest = String(name.prefix(64))
        guard Digest(hex: digest) != nil, name == digest || name.hasSuffix(BlobFile.unfinishedSuffix) else {
            return nil
        }
        path = "\(folder)/\(name)"
        isBlob = name == digest
        var information = stat()
        guard lstat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
        bytes = Int(information.st_size)
        used = information.st_atim.tv_sec
        modified = information.st_mtim.tv_sec
    }
}
