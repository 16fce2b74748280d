package import FoundationEssentials
package import RunProtocol

extension HTTPConnection: WorkerConnection {
    /// Joins; keeps trying for as long as `ClientConfiguration.registrationRetries` says.
    package func register(_ registration: WorkerRegistration) throws -> WorkerWelcome {
        var request = try request(.post, "/v1/workers", registration)
        // A worker that is told to stop before it has joined has nothing to finish.
        request.isWait = true
        return try call(request, policy: configuration.registrationRetries)
    }

    package func lease(_ request: LeaseRequest) throws -> TaskLease? {
        var wish = request
        wish.waitSeconds = Self.clamped(waitSeconds: request.waitSeconds)
        let request = waiting(try self.request(.post, "/v1/leases", wish), seconds: wish.waitSeconds)
        let answer = try send(request)
        return answer.status == 204 ? nil : try decode(TaskLease.self, from: answer, to: request)
    }

    package func heartbeat(_ heartbeat: Heartbeat) throws -> HeartbeatReply {
        try call(request(.post, "/v1/heartbeats", heartbeat))
    }

    package func release(_ task: TaskID, _ release: TaskRelease) throws {
        _ = try send(request(.post, "/v1/tasks/\(task)/release", release))
    }

    /// Tries only for a moment: a worker that ends does not wait for a coordinator that is gone.
    package func leave(_ worker: WorkerID, _ leave: WorkerLeave) throws {
        var request = try request(.post, "/v1/workers/\(worker)/leave", leave)
        request.patience = .total(seconds: Self.farewellSeconds)
        _ = try send(request, policy: RetryPolicy(totalSeconds: 0))
    }

    private static let farewellSeconds = 3.0

    package func deliver(_ task: TaskID, by claim: TaskClaim, update: Data) throws -> UpdateReceipt {
        let request = Request(
            method: .put, path: "/v1/tasks/\(task)/update?worker=\(claim.worker)",
            headers: [
                "Content-Type: application/octet-stream", "Content-Digest: \(Digest(of: update).headerValue)",
                "Cairn-Lease: \(claim.token)",
            ],
            body: update, patience: .stall(seconds: configuration.stallSeconds))
        return try call(request)
    }

    /// - Throws: `BlobFileError` as well, whenever this machine's folder cannot be read or written.
    package func localCopy(
        of blob: Digest, in folder: String, progress: @escaping (Int) -> Void
    ) throws -> String {
        let path = "\(folder)/\(blob)"
        try blobs.withLock(path) { isVerified in
            // A copy of an earlier process may be anything: it is read once.
            if !isVerified, try BlobFile.digest(of: path) != blob { try fetch(blob, to: path, progress: progress) }
            isVerified = true
            // It may have been pruned since.
            if !BlobFile.markUsed(path) { try fetch(blob, to: path, progress: progress) }
        }
        return path
    }
}

extension Digest {
    /// The value of a `Content-Digest` header (RFC 9530).
    fileprivate var headerValue: String {
        let digits = Array(hex.utf8)
        func value(_ digit: UInt8) -> UInt8 { digit < 58 ? digit - 48 : digit - 87 }
        let bytes = stride(from: 0, to: digits.count, by: 2).map { value(digits[$0]) << 4 | value(digits[$0 + 1]) }
        return "sha-256=:\(Data(bytes).base64EncodedString()):"
    }
}

// What the user's commands ask for.
extension HTTPConnection {
    /// What the coordinator says of itself and its workers.
    package func information() throws -> CoordinatorInformation { try call(request(.get, "/v1/info")) }

    /// Hands a plan in; the run starts as soon as its data are cut.
    package func submit(_ submission: RunSubmission) throws -> RunStatus {
        try call(request(.post, "/v1/runs", submission))
    }

    /// All runs, newest first.
    package func runs() throws -> RunList { try call(request(.get, "/v1/runs")) }

    /// The run's status; where `after` is given, as soon as its revision is higher or `waitSeconds` are over.
    package func status(of run: RunID, after revision: Int? = nil, waitSeconds: Double = 0) throws -> RunStatus {
        guard let revision else { return try call(request(.get, "/v1/runs/\(run)")) }
        let seconds = Self.clamped(waitSeconds: waitSeconds)
        return try call(
            waiting(request(.get, "/v1/runs/\(run)?after=\(revision)&wait=\(seconds)"), seconds: seconds))
    }

    /// What happened to the run and why, after entry `number`: at most `Limits.journalEntries`, the oldest first.
    package func journal(of run: RunID, after number: Int = 0) throws -> RunJournal {
        try call(request(.get, "/v1/runs/\(run)/events?after=\(number)"))
    }

    /// Ends a run for good.
    package func cancel(_ run: RunID) throws -> RunStatus { try call(request(.post, "/v1/runs/\(run)/cancel")) }

    /// Blobs older than `seconds` that no run needs; deletes them where that is asked for.
    package func garbage(olderThan seconds: Double, delete: Bool = false) throws -> Garbage {
        try call(request(delete ? .delete : .get, "/v1/garbage?older=\(seconds)"))
    }

    /// Where the weights of a run are.
    /// - Throws: `APIError` `.conflict` whenever the run has not got that far.
    package func export(_ part: ExportDescription.Part, of run: RunID) throws -> ExportDescription {
        try call(request(.get, "/v1/runs/\(run)/exports/\(part.rawValue)"))
    }
}
