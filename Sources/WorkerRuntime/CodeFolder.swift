import DataFormats
import FoundationEssentials
import Glibc
import RunProtocol
import Synchronization
import Training

/// Hands codes over: `append` takes some rows at a time, in their order, as bits of bfloat16.
package typealias CodeMaker = (_ append: (UnsafeBufferPointer<UInt16>) throws -> Void) throws -> Void

/// Codes in files: a line of text that says what follows, filled up to 128 bytes, and the numbers as bfloat16,
/// little-endian. They are mapped when they are used.
///
/// Several processes may share a folder. What was not used for the longest time is deleted when there is no room.
package final class CodeFolder: Sendable {
    private struct State {
        /// Names of files that this process wrote, or has read whole and found sound.
        var sound: Set<Digest> = []
        /// For files that are being written.
        var bytesSetAside = 0
    }

    private let folder: String
    private let limitBytes: Int
    private let state = Mutex(State())

    /// Of the line in front of the numbers.
    private static let headerBytes = 128
    private static let suffix = ".codes"

    /// - Parameters:
    ///   - folder: made when there is something to keep.
    ///   - limitBytes: what all files together may have.
    package init(_ folder: String, limitBytes: Int) {
        self.folder = folder
        self.limitBytes = limitBytes
    }

    private func path(_ name: Digest) -> String { "\(folder)/\(name)\(Self.suffix)" }

    // MARK: Reading

    /// - Returns: nil where there are none. A file that is not whole or was changed is deleted.
    func codes(_ name: Digest, count: Int, size: Int) -> Samples? {
        let path = path(name)
        guard let file = try? MappedFile(path) else { return nil }
        let isKnown = state.withLock { $0.sound.contains(name) }
        guard file.bytes.buffer.count == Self.headerBytes + count * size * 2,
            isKnown || Self.isSound(file, count: count, size: size)
        else {
            unlink(path)
            return nil
        }
        state.withLock { _ = $0.sound.insert(name) }
        utimes(path, nil)
        let numbers = ForeignNumbers(.bfloat16, file, from: Self.headerBytes)
        return Samples(count: count, size: size, numbers: .foreign(numbers), divisor: 1)
    }

    private static func isSound(_ file: MappedFile, count: Int, size: Int) -> Bool {
        let bytes = file.bytes.buffer
        var hasher = DigestHasher()
        hasher.update(UnsafeRawBufferPointer(rebasing: bytes[headerBytes...]))
        return bytes.prefix(headerBytes).elementsEqual(header(count: count, size: size, hasher.finish()))
    }

    private static func header(count: Int, size: Int, _ digest: Digest) -> [UInt8] {
        let line = Array("cairn codes 1 bfloat16 \(count) x \(size) sha256 \(digest)".utf8)
        return line + [UInt8](repeating: 32, count: headerBytes - 1 - line.count) + [10]
    }

    // MARK: Writing

    func store(_ name: Digest, _ samples: Samples) throws -> Samples {
        try store(name, count: samples.count, size: samples.size) { append in
            try samples.numbers.withUnsafeBytes { _, bytes in try append(bytes.bindMemory(to: UInt16.self)) }
        }
    }

    /// Writes codes as they are made: they need not fit into memory.
    func store(_ name: Digest, count: Int, size: Int, _ make: CodeMaker) throws -> Samples {
        let bytes = Self.headerBytes + count * size * 2
        try makeRoom(bytes)
        defer { state.withLock { $0.bytesSetAside -= bytes } }
        let path = path(name)
        let writer = try FileWriter(beside: path)
        try [UInt8](repeating: 0, count: Self.headerBytes).withUnsafeBytes { try writer.append($0) }
        var hasher = DigestHasher()
        try make { part in
            hasher.update(UnsafeRawBufferPointer(part))
            try writer.append(UnsafeRawBufferPointer(part))
        }
        precondition(writer.count == bytes, "\(writer.count) bytes are not \(count) codes of \(size)")
        try Self.header(count: count, size: size, hasher.finish()).withUnsafeBytes { try writer.replaceStart($0) }
        // What a crash leaves of it is found out by its length or its digest.
        try writer.keep(as: path, isDurable: false)
        state.withLock { _ = $0.sound.insert(name) }
        guard let samples = codes(name, count: count, size: size) else {
            throw DataError(.unreadable, at: path, "was written just now and is not there", hint: "check the folder")
        }
        return samples
    }

    /// Deletes what was not used for the longest time until there is room, and what killed processes left behind.
    private func makeRoom(_ bytes: Int) throws {
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try state.withLock { state in
            let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap {
                CodeFile(folder: folder, name: $0)
            }
            for file in files where file.isUnfinished && file.lastUse < (time(nil) - 3_600) * 1_000_000_000 {
                unlink(file.path)
            }
            let finished = files.filter { !$0.isUnfinished }.sorted { ($0.lastUse, $0.path) < ($1.lastUse, $1.path) }
            var total = finished.reduce(state.bytesSetAside + bytes) { $0 + $1.bytes }
            guard state.bytesSetAside + bytes <= limitBytes else {
                throw DataError(
                    .storageFull, at: folder, "codes of \(bytes) bytes find no room in \(limitBytes)",
                    hint: "raise --cache-limit, or data.shards")
            }
            // To delete one that is mapped does no harm.
            for file in finished where total > limitBytes && unlink(file.path) == 0 { total -= file.bytes }
            state.bytesSetAside += bytes
        }
    }

    private struct CodeFile {
        let path: String
        let bytes: Int
        /// Nanoseconds since 1970.
        let lastUse: Int
        var isUnfinished: Bool { path.hasSuffix(FileWriter.unfinishedSuffix) }

        init?(folder: String, name: String) {
            path = "\(folder)/\(name)"
            var information = stat()
            guard name.hasSuffix(CodeFolder.suffix) || name.hasSuffix(FileWriter.unfinishedSuffix),
                lstat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG
            else { return nil }
            bytes = Int(information.st_size)
            lastUse = information.st_mtim.tv_sec * 1_000_000_000 + information.st_mtim.tv_nsec
        }
    }
}
