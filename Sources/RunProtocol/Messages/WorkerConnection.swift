package import FoundationEssentials

/// How a worker reaches its coordinator: over HTTP, or within one process.
/// Calls block and are made on the slots' own threads. They throw `APIError` whenever the coordinator says no, and
/// `ConnectionError` whenever it cannot be reached (after the connection's own retries) or `interrupt` was called.
package protocol WorkerConnection: Sendable {
    func register(_ registration: WorkerRegistration) throws -> WorkerWelcome
    /// - Returns: nil when no task came up in `request.waitSeconds`.
    func lease(_ request: LeaseRequest) throws -> TaskLease?
    func heartbeat(_ heartbeat: Heartbeat) throws -> HeartbeatReply
    func release(_ task: TaskID, _ release: TaskRelease) throws
    func leave(_ worker: WorkerID, _ leave: WorkerLeave) throws
    /// Sends a result in `UpdateFormat`.
    func deliver(_ task: TaskID, by claim: TaskClaim, update: Data) throws -> UpdateReceipt
    /// The path of a file with the blob's bytes, compared with its digest: downloaded into `folder` unless it is there
    /// already or the connection reaches the coordinator's own file.
    /// - Parameter progress: is told again and again how many bytes are there, while it is downloaded.
    func localCopy(of blob: Digest, in folder: String, progress: @escaping (Int) -> Void) throws -> String
    /// Makes calls that only wait (a lease's long poll, the pause between retries) return at once, from now on.
    func interrupt()
}

extension WorkerConnection {
    package func localCopy(of blob: Digest, in folder: String) throws -> String {
        try localCopy(of: blob, in: folder) { _ in }
    }
}

/// The coordinator cannot be reached, or does not speak as it should.
package struct ConnectionError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Reason: String, Sendable {
        case unreachable, timedOut, tls, malformedAnswer, damagedBlob, interrupted
    }

    package var reason: Reason
    /// What is wrong and what to do, in one line.
    package var message: String

    package init(_ reason: Reason, _ message: String) { (self.reason, self.message) = (reason, message) }

    package var description: String { message }
}
