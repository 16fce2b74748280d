import Glibc

/// Rows that were decoded one after the other, to be read in any order: in memory while they are few, else in a file without
/// a name, which is gone with its last reader or the process.
final class RowSpool {
    let rowBytes: Int
    private(set) var count = 0
    /// All rows, or those that are not in the file yet.
    private var memory: [UInt8] = []
    /// How many bytes are in the file.
    private var written = 0
    private var descriptor: Int32 = -1
    private let path: String
    /// Where files without names lie: not in memory, as /tmp often is.
    private let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/var/tmp"

    /// So many bytes stay in memory.
    private static let mostInMemory = 1 << 24

    /// - Parameters:
    ///   - path: of what is read, for messages.
    ///   - rowBytes: how many bytes each row has.
    ///   - expected: how many rows there will be, where that is known.
    /// - Throws: `.storageFull` with both sizes where they will not fit.
    init(path: String, rowBytes: Int, expected: Int?) throws(DataError) {
        (self.path, self.rowBytes) = (path, rowBytes)
        guard let expected else { return }
        guard expected * rowBytes > Self.mostInMemory else {
            memory.reserveCapacity(expected * rowBytes)
            return
        }
        try create(for: expected * rowBytes)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Adds rows.
    /// - Throws: `.storageFull` or `.unwritable`.
    func append(_ rows: UnsafeRawBufferPointer) throws(DataError) {
        memory.append(contentsOf: rows)
        count += rows.count / rowBytes
        if descriptor < 0, memory.count > Self.mostInMemory { try create(for: memory.count * 2) }
        if descriptor >= 0, memory.count >= Self.partBytes { try flush() }
    }

    func append<Value: BitwiseCopyable>(_ numbers: [Value], as type: Value.Type) throws(DataError) {
        try numbers.withUnsafeBufferPointer { buffer throws(DataError) in try append(UnsafeRawBufferPointer(buffer)) }
    }

    /// So many bytes are written at once.
    private static let partBytes = 1 << 20

    private func flush() throws(DataError) {
        let part = memory
        memory = []
        try write(part, at: written)
        written += part.count
    }

    func read(_ places: ArraySlice<Int32>, to out: UnsafeMutableRawBufferPointer) throws(DataError) {
        if descriptor >= 0, !memory.isEmpty { try flush() }
        for (index, row) in places.enumerated() {
            let target = UnsafeMutableRawBufferPointer(rebasing: out[index * rowBytes..<(index + 1) * rowBytes])
            let start = Int(row) * rowBytes
            if descriptor < 0 {
                memory.withUnsafeBytes { bytes in
                    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + rowBytes]))
                }
            } else if readAll(descriptor, at: start, into: target) != rowBytes {
                throw DataError(.unreadable, at: folder, "what was kept there of \(path) cannot be read again")
            }
        }
    }

    /// - Throws: `.storageFull` where less than `bytes` are free.
    private func create(for bytes: Int) throws(DataError) {
        var room = statvfs()
        if statvfs(folder, &room) == 0 {
            let free = Int(room.f_bavail) * Int(room.f_frsize)
            guard free > bytes else {
                throw DataError(
                    .storageFull, at: path,
                    "unpacked, it needs \(Self.gigabytes(bytes)) in \(folder), where \(Self.gigabytes(free)) are free",
                    hint: "set TMPDIR to a folder with more room, or save it as an NPY file that is not packed")
            }
        }
        // O_TMPFILE, which Swift does not see; not every file system has it.
        descriptor = WritePoint.createScratch.perform {
            open(folder, O_RDWR | O_DIRECTORY | 0o20_000_000 | O_CLOEXEC, 0o600)
        }
        if descriptor < 0 {
            var name = Array("\(folder)/cairn-XXXXXX".utf8CString)
            descriptor = WritePoint.createScratch.perform { mkstemp(&name) }
            if descriptor >= 0 { _ = WritePoint.dropFile.perform { unlink(name) } }
        }
        guard descriptor >= 0 else {
            throw DataError(
                .unwritable, at: folder, "nothing can be kept there: \(String(cString: strerror(errno)))",
                hint: "set TMPDIR to a folder that can be written to")
        }
    }

    private func write(_ bytes: [UInt8], at start: Int) throws(DataError) {
        var offset = 0
        while offset < bytes.count {
            let written = WritePoint.writeScratch.perform {
                bytes.withUnsafeBytes { all in
                    let rest = UnsafeRawBufferPointer(rebasing: all[offset...])
                    return pwrite(descriptor, rest.baseAddress, rest.count, off_t(start + offset))
                }
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                let isFull = written == 0 || errno == ENOSPC || errno == EDQUOT
                throw DataError(
                    isFull ? .storageFull : .unwritable, at: folder,
                    isFull ? "the disk is full" : "cannot be written: \(String(cString: strerror(errno)))",
                    hint: "set TMPDIR to a folder with more room")
            }
            offset += written
        }
    }

    private static func gigabytes(_ bytes: Int) -> String {
        bytes < 100_000_000 ? "\(bytes) bytes" : "\(Double(bytes / 100_000_000) / 10) GB"
    }
}
