/// What a coordinator can be asked: the same within one process and over HTTP.
/// Every method throws `APIError` whenever the request cannot be met.
package protocol CoordinatorAPI: CoordinatorViews {
    func information() async throws -> CoordinatorInformation

    /// Takes a plan; the run starts as soon as its data are cut.
    func submit(_ submission: RunSubmission) async throws -> RunStatus
    func runs() async throws -> RunList
    /// The run's status; where `after` is given, as soon as its revision is higher or `waitSeconds` are over.
    func status(of run: RunID, after revision: Int?, waitSeconds: Double) async throws -> RunStatus
    /// What happened to the run and why, after entry `number`: at most `Limits.journalEntries`, the oldest first.
    func journal(of run: RunID, after number: Int) async throws -> RunJournal
    func cancel(_ run: RunID) async throws -> RunStatus
    /// Blobs older than `seconds` that no run needs.
    func garbage(olderThan seconds: Double) async throws -> Garbage
    /// Deletes them.
    /// - Returns: what was deleted.
    func deleteGarbage(olderThan seconds: Double) async throws -> Garbage
    /// - Throws: `.conflict` whenever the run has not got that far.
    func export(_ part: ExportDescription.Part, of run: RunID) async throws -> ExportDescription

    // MARK: Workers

    func register(_ registration: WorkerRegistration) async throws -> WorkerWelcome
    /// - Returns: nil when no task came up in time.
    /// - Throws: `.notFound` whenever the worker is unknown (the coordinator was restarted): it must register again.
    func lease(_ request: LeaseRequest) async throws -> TaskLease?
    func heartbeat(_ heartbeat: Heartbeat) async throws -> HeartbeatReply
    func release(_ task: TaskID, _ release: TaskRelease) async throws
    /// A worker ends by itself.
    func leave(_ worker: WorkerID, _ leave: WorkerLeave) async throws
    /// Takes a task's result. The file (made in `uploadFolder`) is moved away or deleted in any case.
    /// - Throws: `.notFound` whenever the worker is unknown (it registers again and sends the result once more);
    ///   `.quarantined`; `.unproven` whenever the claim's token was not made for this task and this worker's process;
    ///   `.refusedUpdate` with the reason whenever it is not finite, has the wrong shape or is out of range.
    func deliver(_ task: TaskID, by claim: TaskClaim, update: UploadedFile) async throws -> UpdateReceipt
    /// The most bytes that an update of `task` may have: a worker is about to send one.
    /// - Throws: before a byte is read what `deliver` would throw of who sends it; `.notFound` whenever there is no such
    ///   run.
    func updateLimit(of task: TaskID, by claim: TaskClaim) async throws -> Int

    /// An upload found no room, or its file could not be written.
    func uploadFailed(because reason: String) async

    /// Where uploads are written: on the file system that holds the blobs.
    var uploadFolder: String { get }
    /// Where a blob lies, for reading.
    func blob(_ digest: Digest) async throws -> StoredBlob
}

/// A complete upload, its digest computed while it came in.
package struct UploadedFile: Hashable, Sendable {
    package var path: String
    package var bytes: Int
    package var digest: Digest

    package init(path: String, bytes: Int, digest: Digest) {
        (self.path, self.bytes, self.digest) = (path, bytes, digest)
    }
}

/// A blob as a file.
package struct StoredBlob: Hashable, Sendable {
    package var digest: Digest
    package var path: String
    package var bytes: Int

    package init(digest: Digest, path: String, bytes: Int) {
        (self.digest, self.path, self.bytes) = (digest, path, bytes)
    }
}
