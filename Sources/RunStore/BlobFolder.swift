package import DataFormats
package import FoundationEssentials
import Glibc
package import RunProtocol

/// Bytes named by their SHA-256, as files: `blobs/ab/abcdef...`. A blob is there whole or not at all.
package struct BlobFolder: Sendable {
    private let folder: String
    private let ownership: StateOwnership
    /// Where uploads are written before they become blobs: on the same file system.
    package let uploadFolder: String

    /// - Throws: `.unwritable` whenever the folders cannot be made.
    init(in folder: String, ownership: StateOwnership) throws(DataError) {
        self.ownership = ownership
        self.folder = folder + "/blobs"
        uploadFolder = folder + "/uploads"
        // What an upload left behind when the program was killed is of no use: its task is sent again.
        let uploads = uploadFolder
        WritePoint.clearUploads.perform { try? FileManager.default.removeItem(atPath: uploads) }
        try Self.makeFolder(self.folder)
        try Self.makeFolder(uploadFolder)
    }

    /// Where a blob lies, or would.
    package func path(of digest: Digest) -> String { "\(folder)/\(digest.hex.prefix(2))/\(digest.hex)" }

    /// Keeps some bytes.
    @discardableResult package func put(_ data: Data) throws(DataError) -> Digest {
        let digest = Digest(of: data)
        try checkOwnership()
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
        try checkOwnership()
        guard size(of: digest) != writer.count else { return digest }
        try makeParent(of: digest)
        try writer.keep(as: path(of: digest))
        return digest
    }

    /// Makes a complete file in `uploadFolder`, already brought to the disk, a blob; its name is brought there too.
    package func adopt(_ upload: UploadedFile) throws(DataError) {
        try checkOwnership()
        try makeParent(of: upload.digest)
        let path = path(of: upload.digest)
        guard WritePoint.adoptUpload.perform({ rename(upload.path, path) }) == 0 else {
            throw DataError(.unwritable, at: path, "cannot be written: \(String(cString: strerror(errno)))")
        }
        try AtomicFile.synchronizeFolder(of: path)
    }

    /// Deletes a file that has become nothing.
    package func discard(_ upload: UploadedFile) {
        // An upload that was adopted has another name now.
        guard access(upload.path, F_OK) == 0 else { return }
        _ = WritePoint.deleteUpload.perform { unlink(upload.path) }
    }

    /// - Returns: the blob's size in bytes; nil where it is not there.
    package func size(of digest: Digest) -> Int? {
        var information = stat()
        return stat(path(of: digest), &information) == 0 ? Int(information.st_size) : nil
    }

    /// The bytes of a blob.
    package func read(_ digest: Digest) throws(DataError) -> [UInt8] { try FileBytes.read(path(of: digest)) }

    /// - Returns: those that are not there any more.
    @discardableResult package func delete(_ digests: Set<Digest>) -> Set<Digest> {
        for digest in digests { delete(path(of: digest)) }
        return digests.filter { size(of: $0) == nil }
    }

    /// Every blob that is there, with the time at which its file was last written, in seconds since 1970.
    package func all() -> [(digest: Digest, bytes: Int, time: Double)] {
        let manager = FileManager.default
        let parts = (try? manager.contentsOfDirectory(atPath: folder)) ?? []
        return parts.flatMap { (try? manager.contentsOfDirectory(atPath: "\(folder)/\($0)")) ?? [] }.compactMap {
            name in
            var information = stat()
            guard let digest = Digest(hex: name), stat(path(of: digest), &information) == 0 else { return nil }
            let time = Double(information.st_mtim.tv_sec) + Double(information.st_mtim.tv_nsec) / 1e9
            return (digest, Int(information.st_size), time)
        }
    }

    /// Deletes every blob that is not in `needed`, and every half-written file.
    package func keepOnly(_ needed: Set<Digest>) {
        let manager = FileManager.default
        guard ownership.isHeld else { return }
        for part in (try? manager.contentsOfDirectory(atPath: folder)) ?? [] {
            for name in (try? manager.contentsOfDirectory(atPath: "\(folder)/\(part)")) ?? [] {
                if let digest = Digest(hex: name), needed.contains(digest) { continue }
                delete("\(folder)/\(part)/\(name)")
            }
        }
    }

    /// What another coordinator has may be needed there.
    private func delete(_ path: String) {
        guard ownership.isHeld else { return }
        _ = WritePoint.deleteBlob.perform { unlink(path) }
    }

    private func checkOwnership() throws(DataError) {
        do throws(StoreError) { try ownership.check() } catch { throw DataError(.unwritable, at: folder, "\(error)") }
    }

    // MARK: Damage

    /// - Throws: `DamagedBlob` whenever the blob's bytes are not those that its name promises: a disk, a person or another
    ///   program has changed them; `DataError` `.hostShortage` whenever its file cannot be opened now.
    package func verify(_ digest: Digest) throws {
        let path = path(of: digest)
        guard let found = try Self.digest(of: path) else {
            throw DamagedBlob(digest: digest, path: path, isMissing: true)
        }
        guard found == digest else { throw DamagedBlob(digest: digest, path: path, isMissing: false) }
    }

    /// Reads, and does not map: somebody may cut the file off meanwhile.
    /// - Returns: nil where the file is not there or cannot be read to its end.
    /// - Throws: `.hostShortage`.
    private static func digest(of path: String) throws(DataError) -> Digest? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if let shortage = DataError(shortage: errno, at: path) { throw shortage }
            return nil
        }
        defer { close(descriptor) }
        var hasher = DigestHasher()
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { piece.deallocate() }
        while true {
            let count = Glibc.read(descriptor, piece.baseAddress, piece.count)
            guard count >= 0 else { return nil }
            if count == 0 { return hasher.finish() }
            hasher.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
        }
    }

    /// Whether a file of so many bytes can be written just now.
    package func hasRoom(bytes: Int) -> Bool {
        let path = uploadFolder + "/room"
        return WritePoint.tryForRoom.perform {
            let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return false }
            defer {
                close(descriptor)
                unlink(path)
            }
            return posix_fallocate(descriptor, 0, off_t(bytes)) == 0 && fsync(descriptor) == 0
        }
    }

    private func makeParent(of digest: Digest) throws(DataError) {
        try Self.makeFolder("\(folder)/\(digest.hex.prefix(2))")
    }

    static func makeFolder(_ path: String) throws(DataError) {
        guard access(path, F_OK) != 0 else { return }
        do {
            try WritePoint.makeFolder.perform {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            }
        } catch {
            throw DataError(
                .unwritable, at: path, "the folder cannot be made", hint: "check its permissions and the disk")
        }
    }
}

/// A blob that a run needs is not there, or not as it was written.
package struct DamagedBlob: Error, Hashable, Sendable, CustomStringConvertible {
    package let digest: Digest
    package let path: String
    package let isMissing: Bool

    package var description: String {
        "the file \(path) \(isMissing ? "is missing or cannot be read" : "has been changed"): bring it back from a copy, or "
            + "cancel the run and submit its plan again"
    }
}

/// By which a file that was changed or replaced is known.
package struct FileStamp: Hashable, Sendable {
    private let inode: UInt
    private let size: Int
    private let seconds: Int
    private let nanoseconds: Int

    /// - Returns: nil where there is no file.
    package init?(_ path: String) {
        var information = stat()
        guard stat(path, &information) == 0 else { return nil }
        inode = information.st_ino
        size = Int(information.st_size)
        seconds = information.st_mtim.tv_sec
        nanoseconds = information.st_mtim.tv_nsec
    }
}
