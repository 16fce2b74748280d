import FoundationEssentials
import Glibc
import RunProtocol

/// Keeps a folder of blobs below a size: deletes those that have not been used for the longest time.
///
/// A blob that was used within the last minute stays whatever the limit is, since its path may just have been given
/// out; to delete one that is open for reading does no harm. Downloads that a killed process left behind go after an
/// hour. Files that are not named like blobs are neither counted nor touched.
///
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
