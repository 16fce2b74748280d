package import DataFormats
import FoundationEssentials
import Glibc
package import RunProtocol
import Synchronization
package import Training

/// Codes of the frozen layers, named by what they were made from. They are the same in every round of a stage, so they are
/// computed once: kept in memory up to a limit and, beyond it, in files.
///
/// Two slots that want the same at once wait for one computation.
package final class CodeCache: Sendable {
    fileprivate enum Entry {
        case ready(Samples, lastUse: Int)
        /// Somebody makes it, or brings it to the disk; so many bytes of memory are set aside for it.
        case coming(bytes: Int)
    }

    fileprivate struct State {
        var entries: [Digest: Entry] = [:]
        var uses = 0
    }

    private let state = Mutex(State())
    private let limitBytes: Int
    private let folder: CodeFolder?
    private let memory: MemoryBudget

    /// - Parameter folder: where what finds no room in memory goes; without one it is computed again each time.
    ///   - memory: tasks have it first.
    package init(limitBytes: Int, folder: CodeFolder?, memory: MemoryBudget = MemoryBudget()) {
        (self.limitBytes, self.memory, self.folder) = (limitBytes, memory, folder)
    }

    /// - Parameters:
    ///   - name: the same for the same codes only.
    ///   - make: is called where they are not there; hands over all of them, in their order, as bits of bfloat16. What it
    ///     throws is thrown to its caller alone.
    /// - Throws: `DataError` as well, `.storageFull` or `.unwritable`, whenever they belong on the disk and cannot be
    ///   written.
    package func codes(_ name: Digest, count: Int, size: Int, make: CodeMaker) throws -> Samples {
        while true {
            switch claim(name) {
            case .ready(let samples, _): return samples
            case .coming: Pause.briefly()
            case nil:
                defer { state.withLock { $0.giveUp(name) } }
                return try folder?.codes(name, count: count, size: size)
                    ?? self.make(name, count: count, size: size, make)
            }
        }
    }

    /// - Returns: nil where the caller has to make it.
    private func claim(_ name: Digest) -> Entry? {
        state.withLock { state in
            state.uses += 1
            guard let entry = state.entries[name] else {
                state.entries[name] = .coming(bytes: 0)
                return nil
            }
            if case .ready(let samples, _) = entry { state.entries[name] = .ready(samples, lastUse: state.uses) }
            return entry
        }
    }

    private func make(_ name: Digest, count: Int, size: Int, _ make: CodeMaker) throws -> Samples {
        let hasRoom = setAside(count * size * 2, for: name)
        if !hasRoom, let folder { return try folder.store(name, count: count, size: size, make) }
        var codes: [UInt16] = []
        codes.reserveCapacity(count * size)
        try make { codes += $0 }
        let samples = Samples(count: count, size: size, numbers: .bfloat16(codes), divisor: 1)
        if hasRoom { state.withLock { $0.entries[name] = .ready(samples, lastUse: $0.uses) } }
        return samples
    }

    /// Makes room in memory before it is taken: what was not used for the longest time goes to the disk.
    /// - Returns: false where there can be no room.
    private func setAside(_ bytes: Int, for name: Digest) -> Bool {
        let limit = min(limitBytes, memory.leftForCaches)
        guard bytes <= limit else { return false }
        makeRoom(bytes, within: limit, for: name)
        return state.withLock { if case .coming(let bytes) = $0.entries[name] { bytes > 0 } else { false } }
    }

    /// What it has in memory, in bytes.
    var bytes: Int { state.withLock(\.bytes) }

    /// Gives memory back until it has no more than `limit` bytes, or all that is left is being made.
    func shrink(to limit: Int) { makeRoom(0, within: limit, for: nil) }

    /// Brings to the disk what was not used for the longest time, until there is room for `bytes` more.
    /// - Parameter name: what the room is set aside for.
    private func makeRoom(_ bytes: Int, within limit: Int, for name: Digest?) {
        while true {
            let oldest: (name: Digest, samples: Samples)? = state.withLock { state in
                guard state.bytes + bytes > limit else {
                    if let name { state.entries[name] = .coming(bytes: bytes) }
                    return nil
                }
                guard let oldest = state.oldest else { return nil }
                state.entries[oldest.name] = .coming(bytes: oldest.samples.byteCount)
                return oldest
            }
            guard let oldest else { return }
            // Where this fails they are computed again.
            _ = try? folder?.store(oldest.name, oldest.samples)
            state.withLock { $0.giveUp(oldest.name) }
        }
    }
}

extension CodeCache.State {
    fileprivate var bytes: Int {
        entries.values.reduce(0) { sum, entry in
            switch entry {
            case .ready(let samples, _): sum + samples.byteCount
            case .coming(let bytes): sum + bytes
            }
        }
    }

    fileprivate var oldest: (name: Digest, samples: Samples)? {
        let ready = entries.compactMap { name, entry -> (name: Digest, samples: Samples, lastUse: Int)? in
            guard case .ready(let samples, let lastUse) = entry else { return nil }
            return (name, samples, lastUse)
        }
        return ready.min { $0.lastUse < $1.lastUse }.map { ($0.name, $0.samples) }
    }

    fileprivate mutating func giveUp(_ name: Digest) { if case .coming = entries[name] { entries[name] = nil } }
}

extension Samples {
    /// The memory or the disk that the numbers take.
    var byteCount: Int { numbers.withUnsafeBytes { $1.count } }
}

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
    package init(_ folder: String, limitBytes: Int) { (self.folder, self.limitBytes) = (folder, limitBytes) }

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
