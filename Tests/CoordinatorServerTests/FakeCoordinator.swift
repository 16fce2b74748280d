import DataFormats
import FoundationEssentials
import RunProtocol
import Synchronization

/// A coordinator that answers everything with examples, and remembers what it was asked.
final class FakeCoordinator: CoordinatorAPI {
    struct Memory {
        var delivered: [Data] = []
        var released: [TaskRelease] = []
        var left: [WorkerID] = []
        var waits: [Double] = []
        var waiting = 0
        var cancelledWaits = 0
        var failedUploads: [String] = []
        var cursors: [LiveCursor?] = []
        /// What has happened: `live` tells of one change after the other.
        var changes = 1
        /// Whether `live` says no instead of waiting.
        var isStopping = false
        /// How many characters the run's name has, of which `live` tells.
        var nameLength = 0
        var pause: String?
        /// Why `planText` cannot open its file.
        var shortage: DataError?
        var pictures: [Int?] = []
    }

    let folder: String
    let memory = Mutex(Memory())
    let blobBytes: [UInt8] = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/cairn-server-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: uploadFolder, withIntermediateDirectories: true)
        try Data(blobBytes).write(to: URL(filePath: folder + "/blob"))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var uploadFolder: String { folder + "/uploads" }
    var uploads: [String] { (try? FileManager.default.contentsOfDirectory(atPath: uploadFolder)) ?? [] }
    var blobDigest: Digest { Digest(of: blobBytes) }

    func information() -> CoordinatorInformation {
        let status = WorkerStatus(
            worker: Examples.worker, registration: Examples.registration, secondsSinceHeard: 0.5, tasks: [Examples.task]
        )
        return CoordinatorInformation(version: "1.0.0", workers: [status])
    }

    func submit(_ submission: RunSubmission) throws -> RunStatus {
        guard submission.plan != "wrong" else {
            throw APIError(.invalidPlan, "line 1: this is no plan", hint: "see docs/plan.md")
        }
        return Examples.status
    }

    func runs() -> RunList { RunList(runs: [Examples.status, Examples.newRun]) }

    func status(of run: RunID, after revision: Int?, waitSeconds: Double) async throws -> RunStatus {
        guard run == Examples.run else { throw APIError(.notFound, "there is no run \(run)") }
        memory.withLock { $0.waits.append(waitSeconds) }
        if revision != nil { try await wait(waitSeconds) }
        return Examples.status
    }

    func journal(of run: RunID, after number: Int) throws -> RunJournal {
        guard run == Examples.run else { throw APIError(.notFound, "there is no run \(run)") }
        return RunJournal(
            entries: [RunJournal.Entry(number: number + 1, time: 1e9, text: "w has a task", reason: "it was open")])
    }

    func garbage(olderThan seconds: Double) -> Garbage {
        Garbage(
            blobs: [Garbage.Blob(digest: blobDigest, bytes: 5, secondsOld: seconds + 1)], count: 1, bytes: 5,
            neededBytes: 7)
    }

    func deleteGarbage(olderThan seconds: Double) throws -> Garbage {
        guard seconds > 0 else { throw APIError(.conflict, "data are being cut") }
        return garbage(olderThan: seconds)
    }

    func cancel(_ run: RunID) throws -> RunStatus {
        guard run == Examples.run else { throw SecretFailure() }
        return Examples.status
    }

    func export(_ part: ExportDescription.Part, of run: RunID) throws -> ExportDescription {
        guard part == Examples.pretrained else {
            throw APIError(.conflict, "fine-tuning has not finished", hint: "wait")
        }
        return ExportDescription(part: part, digest: blobDigest, bytes: blobBytes.count)
    }

    func live(of run: RunID?, after cursor: LiveCursor?, waitSeconds: Double) async throws -> LiveUpdate {
        guard run ?? Examples.run == Examples.run else { throw APIError(.notFound, "there is no such run") }
        let (changes, isStopping, nameLength) = memory.withLock { memory in
            memory.cursors.append(cursor)
            return (memory.changes, memory.isStopping, memory.nameLength)
        }
        guard let cursor, cursor.epoch == Examples.epoch else { return Examples.everything }
        if cursor.change < changes { return Examples.update(cursor.change + 1, nameLength: nameLength) }
        guard !isStopping else { throw APIError(.unavailable, "the coordinator is stopping") }
        try await wait(waitSeconds)
        return Examples.update(cursor.change)
    }

    func planText(of run: RunID) throws -> String {
        if let shortage = memory.withLock({ $0.shortage }) { throw shortage }
        guard run == Examples.run else { throw APIError(.notFound, "there is no run \(run)") }
        return Examples.plan
    }

    func picture(_ name: String, stage: Int?, of run: RunID) throws -> [UInt8] {
        guard name != "x" else { throw APIError(.notFound, "there is no such picture") }
        guard name != "mistakes" else { throw APIError(.conflict, "no classifier has been tested") }
        memory.withLock { $0.pictures.append(stage) }
        return Examples.picture
    }

    func codeMap(of run: RunID) throws -> CodeMap {
        guard run == Examples.run else { throw APIError(.conflict, "no layer has been trained") }
        return Examples.codes
    }

    func mistakes(of run: RunID) throws -> Mistakes {
        guard run == Examples.run else { throw APIError(.conflict, "no classifier has been tested") }
        return Examples.mistakes
    }

    func metrics() -> String { Examples.metrics }

    func reasonToPause() -> String? { memory.withLock { $0.pause } }

    func register(_ registration: WorkerRegistration) throws -> WorkerWelcome {
        guard registration.protocolVersion == ProtocolVersion.current else {
            throw APIError(.incompatibleVersion, "protocol version \(registration.protocolVersion) is not spoken here")
        }
        return WorkerWelcome(worker: Examples.worker, heartbeatSeconds: 2.5)
    }

    func lease(_ request: LeaseRequest) async throws -> TaskLease? {
        memory.withLock { $0.waits.append(request.waitSeconds) }
        switch request.worker.rawValue {
        case "patient": try await wait(request.waitSeconds)
        case "unlucky":
            try await wait(0.2)
            return Self.lease(0)
        case let name where name.hasPrefix("work-"): return Self.lease(Int(name.dropFirst(5)) ?? 0)
        default: break
        }
        return nil
    }

    private static func lease(_ work: Int) -> TaskLease {
        TaskLease(
            task: TaskDescription(id: Examples.task, title: "layer 1", work: Examples.work[work]),
            token: Examples.token, leaseSeconds: 30)
    }

    func heartbeat(_ heartbeat: Heartbeat) -> HeartbeatReply { HeartbeatReply(abandon: heartbeat.tasks.map(\.task)) }

    func release(_ task: TaskID, _ release: TaskRelease) { memory.withLock { $0.released.append(release) } }

    func leave(_ worker: WorkerID, _ leave: WorkerLeave) { memory.withLock { $0.left.append(worker) } }

    func deliver(_ task: TaskID, by claim: TaskClaim, update: UploadedFile) throws -> UpdateReceipt {
        let bytes = try Data(contentsOf: URL(filePath: update.path))
        try FileManager.default.removeItem(atPath: update.path)
        guard bytes.count == update.bytes, Digest(of: bytes) == update.digest else { throw SecretFailure() }
        memory.withLock { $0.delivered.append(bytes) }
        return UpdateReceipt(verdict: .accepted)
    }

    func updateLimit(of task: TaskID, by claim: TaskClaim) throws -> Int {
        guard task == Examples.task else { throw APIError(.notFound, "there is no task \(task)") }
        return 1 << 20
    }

    func uploadFailed(because reason: String) { memory.withLock { $0.failedUploads.append(reason) } }

    func blob(_ digest: Digest) throws -> StoredBlob {
        guard digest == blobDigest else { throw APIError(.notFound, "there is no blob \(digest.short)") }
        return StoredBlob(digest: digest, path: folder + "/blob", bytes: blobBytes.count)
    }

    private func wait(_ seconds: Double) async throws {
        memory.withLock { $0.waiting += 1 }
        do {
            try await Task.sleep(for: .seconds(seconds))
        } catch {
            memory.withLock { $0.cancelledWaits += 1 }
            throw error
        }
    }
}

/// Something that goes wrong inside and must not be told.
struct SecretFailure: Error, CustomStringConvertible {
    var description: String { "the password of the database is wrong" }
}
