import Coordination
import DataFormats
import FoundationEssentials
import Glibc
import RunProtocol

/// The files of a state folder's owners: `owner.7` says who took the seventh epoch, `heartbeat.7` changes while it lives.
struct OwnerFiles: Sendable {
    static let givenUp = "given up"

    let folder: String

    func ownerPath(_ epoch: Int) -> String { "\(folder)/owner.\(epoch)" }
    func heartbeatPath(_ epoch: Int) -> String { "\(folder)/heartbeat.\(epoch)" }

    /// - Returns: 0 where there is none; nil where the folder cannot be read.
    var highestEpoch: Int? { epochs.map { $0.max() ?? 0 } }

    private var epochs: [Int]? {
        guard let directory = opendir(folder) else { return nil }
        defer { closedir(directory) }
        var epochs: [Int] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix("owner."), let epoch = Int(name.dropFirst("owner.".count)) { epochs.append(epoch) }
        }
        return epochs
    }

    /// - Returns: nil where it cannot be read: it was written half, or not by this program.
    func owner(_ epoch: Int) -> StateOwner? {
        guard let bytes = try? FileBytes.read(ownerPath(epoch), limit: 1 << 16) else { return nil }
        return try? JSONDecoder().decode(StateOwner.self, from: Data(bytes))
    }

    func heartbeat(_ epoch: Int) -> String? {
        guard let bytes = try? FileBytes.read(heartbeatPath(epoch), limit: 1 << 16) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Takes an epoch for `owner`, whole or not at all.
    /// - Returns: whether it was free.
    func take(_ epoch: Int, for owner: StateOwner) throws(DataError) -> Bool {
        let path = ownerPath(epoch)
        let draft = "\(folder)/draft.\(UInt64.random(in: 0...UInt64.max))"
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let data = try? encoder.encode(owner) else { return false }
        try AtomicFile.write(data, to: draft)
        defer { remove(draft) }
        let failed = WritePoint.takeEpoch.perform { link(draft, path) == 0 ? 0 : errno }
        switch failed {
        case 0: break
        case EEXIST: return false
        case EPERM, EOPNOTSUPP, ENOSYS, EMLINK:
            // A file system without hard links: a name is still made only once.
            guard try create(path, data) else { return false }
        default: throw DataError(.unwritable, at: path, "cannot be written: \(String(cString: strerror(failed)))")
        }
        try AtomicFile.synchronizeFolder(of: path)
        return true
    }

    private func create(_ path: String, _ data: Data) throws(DataError) -> Bool {
        let failed = WritePoint.takeEpoch.perform { () -> CInt in
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { return errno }
            defer { close(descriptor) }
            let count = data.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
            return count == data.count && fsync(descriptor) == 0 ? 0 : errno
        }
        guard failed == 0 || failed == EEXIST else {
            throw DataError(.unwritable, at: path, "cannot be written: \(String(cString: strerror(failed)))")
        }
        return failed == 0
    }

    /// Writes over what is there: a file that is cut off first could be read while it is empty.
    func beat(_ epoch: Int, _ text: String) {
        var bytes = Array(text.utf8.prefix(64))
        bytes += [UInt8](repeating: 32, count: 64 - bytes.count)
        WritePoint.beat.perform {
            let descriptor = open(heartbeatPath(epoch), O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { return }
            _ = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
            close(descriptor)
        }
    }

    /// Removes what earlier owners left. Their epochs cannot be taken again unnoticed: whoever takes one looks for a
    /// higher one afterwards.
    func removeOwners(before epoch: Int) {
        for old in epochs ?? [] where old < epoch {
            remove(ownerPath(old))
            remove(heartbeatPath(old))
        }
        let drafts = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for draft in drafts where draft.hasPrefix("draft.") { remove("\(folder)/\(draft)") }
    }

    private func remove(_ path: String) { _ = WritePoint.dropOwner.perform { unlink(path) } }
}

extension StateOwner {
    /// This process.
    static var here: StateOwner {
        StateOwner(
            host: ProcessInfo.processInfo.hostName,
            boot: text("/proc/sys/kernel/random/boot_id").filter { !$0.isWhitespace },
            processSpace: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? "",
            processID: Int(getpid()), startedAt: startTime(of: Int(getpid())) ?? "")
    }

    /// - Returns: nil where this process cannot see it.
    func isRunning(seenFrom here: StateOwner) -> Bool? {
        guard isBeside(here), !here.startedAt.isEmpty else { return nil }
        // A store of this very process that was closed: the lock within a process is sound.
        guard processID != here.processID || startedAt != here.startedAt else { return false }
        return Self.startTime(of: processID) == startedAt
    }

    /// The 22nd field of a process' line: the name before it may hold anything.
    private static func startTime(of process: Int) -> String? {
        let line = text("/proc/\(process)/stat")
        guard let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[end...].split(separator: " ")
        // One that has ended and was not yet waited for does nothing any more.
        guard fields.count > 20, fields[1] != "Z", fields[1] != "X" else { return nil }
        return String(fields[20])
    }

    private static func text(_ path: String) -> String {
        (try? FileBytes.read(path, limit: 1 << 16)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

extension LeaseKey {
    /// The key of a state folder, which is made at the first time: whole or not at all, and for this user alone.
    /// - Throws: `StoreError` whenever it is damaged; `DataError` whenever it cannot be read or written.
    init(keptIn folder: String) throws {
        let path = folder + "/lease.key"
        if FileManager.default.fileExists(atPath: path) {
            let bytes = try FileBytes.read(path, limit: Self.length)
            guard let key = LeaseKey(bytes: bytes) else {
                throw StoreError(
                    "\(path) is damaged: delete it, and workers do the tasks again that they have in hand")
            }
            self = key
            return
        }
        let bytes = (0..<Self.length).map { _ in UInt8.random(in: 0...255) }
        try AtomicFile.write(Data(bytes), to: path, isPrivate: true)
        guard let key = LeaseKey(bytes: bytes) else { throw StoreError("\(path) could not be made") }
        self = key
    }
}
