package import DataFormats
package import FoundationEssentials
import Glibc
package import RunProtocol

/// Bytes named by their SHA-256, as files: `blobs/ab/abcdef...`. A blob is there whole or not at all.
package struct BlobFolder: Sendable {
    private let folder: String
    /// Where uploads are written before they become blobs: on the same file system.
    package let uploadFolder: String

    /// - Throws: `.unwritable` whenever the folders cannot be made.
    package init(in folder: String) throws(DataError) {
        self.folder = folder + "/blobs"
        uploadFolder = folder + "/uploads"
        // What an upload left behind when the program was killed is of no use: its task is sent again.
        try? FileManager.default.removeItem(atPath: uploadFolder)
        try Self.makeFolder(self.folder)
        try Self.makeFolder(uploadFolder)
    }

    /// Where a blob lies, or would.
    package func path(of digest: Digest) -> String {
        "\(folder)/\(digest.hex.prefix(2))/\(digest.hex)"
    }

    /// Keeps some bytes.
    @discardableResult package func put(_ data: Data) throws(DataError) -> Digest {
        let digest = Digest(of: data)
        guard size(of: digest) != data.count else { return digest }
        try makeParent(of: digest)
        try AtomicFile.write(data, to: path(of: digest))
        return digest
    }

    /// Keeps what `write` hands over piece by piece: what is large need not be in memory as a whole.
    package func put(_ write: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws -> Digest {
        let writer = try FileWriter(beside: uploadFolder + "/blob")
        var hasher = DigestHasher()
        try write { bytes in
            hasher.update(bytes)
            try writer.append(bytes)
        }
        let digest = hasher.finish()
        guard size(of: digest) != writer.count else { return digest }
        try makeParent(of: digest)
        try writer.keep(as: path(of: digest))
        return digest
    }

    /// Makes a complete file in `uploadFolder`, already brought to the disk, a blob.
    package func adopt(_ upload: UploadedFile) throws(DataError) {
        try makeParent(of: upload.digest)
        let path = path(of: upload.digest)
        guard rename(upload.path, path) == 0 else {
            throw DataError(.unwritable, at: path, "cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    /// - Returns: the blob's size in bytes; nil where it is not there.
    package func size(of digest: Digest) -> Int? {
        var information = stat()
        return stat(path(of: digest), &information) == 0 ? Int(information.st_size) : nil
    }

    /// The bytes of a blob.
    package func read(_ digest: Digest) throws(DataError) -> [UInt8] {
        try FileBytes.read(path(of: digest))
    }

    package func delete(_ digests: some Sequence<Digest>) {
        for digest in digests { unlink(path(of: digest)) }
    }

    /// Deletes every blob that is not in `needed`, and every half-written file.
    package func keepOnly(_ needed: Set<Digest>) {
        let manager = FileManager.default
        for part in (try? manager.contentsOfDirectory(atPath: folder)) ?? [] {
            for name in (try? manager.contentsOfDirectory(atPath: "\(folder)/\(part)")) ?? [] {
                if let digest = Digest(hex: name), needed.contains(digest) { continue }
                unlink("\(folder)/\(part)/\(name)")
            }
        }
    }

    private func makeParent(of digest: Digest) throws(DataError) {
        try Self.makeFolder("\(folder)/\(digest.hex.prefix(2))")
    }

    private static func makeFolder(_ path: String) throws(DataError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw DataError(
                .unwritable, at: path, "the folder cannot be made", hint: "check its permissions and the disk")
        }
    }
}
