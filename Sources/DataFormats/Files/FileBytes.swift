import CZlib
package import FoundationEssentials
import Glibc

/// The bytes of files, unpacked where they are gzipped.
package enum FileBytes {
    /// The most bytes that are read from one file, unpacked.
    package static let largestSize = 1 << 36

    /// Reads a file; a gzipped one is unpacked as it is read.
    ///
    /// - Parameter limit: how many unpacked bytes there may be.
    /// - Throws: `.notFound`, `.unreadable`, `.tooLarge` or, for damaged gzip, `.truncated`.
    package static func read(_ path: String, limit: Int = largestSize) throws(DataError) -> [UInt8] {
        var information = stat()
        guard stat(path, &information) == 0 else {
            throw DataError(.notFound, at: path, "there is no such file", hint: "check the path")
        }
        guard information.st_mode & S_IFMT == S_IFREG else {
            throw DataError(.unreadable, at: path, "this is not a file")
        }
        // zlib reads plain files as they are.
        guard let file = gzopen(path, "rb") else {
            throw DataError(.unreadable, at: path, String(cString: strerror(errno)), hint: "check its permissions")
        }
        defer { gzclose(file) }
        gzbuffer(file, 1 << 18)
        return try read(file, path: path, sizeHint: Int(information.st_size), limit: limit)
    }

    private static func read(
        _ file: gzFile, path: String, sizeHint: Int, limit: Int
    ) throws(DataError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(sizeHint, limit))
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { chunk.deallocate() }
        while true {
            let count = gzread(file, chunk.baseAddress, UInt32(chunk.count))
            guard count >= 0 else {
                throw DataError(.truncated, at: path, "the gzip data are damaged", hint: "fetch the file again")
            }
            if count == 0 { break }
            guard bytes.count + Int(count) <= limit else {
                throw DataError(.tooLarge, at: path, "there are more than \(limit) bytes in it")
            }
            bytes.append(contentsOf: chunk[0..<Int(count)])
        }
        var status: Int32 = 0
        _ = gzerror(file, &status)
        // A gzip file that ends early is an error only to those who ask.
        guard status == Z_OK || status == Z_STREAM_END else {
            throw DataError(.truncated, at: path, "the gzip data end too early", hint: "fetch the file again")
        }
        return bytes
    }
}

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
