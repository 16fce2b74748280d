import Foundation
import RandomNumbers
import RunProtocol
import Synchronization

/// Passes calls on, or does not; or loses the answer.
final class FlakyConnection: WorkerConnection {
    private let target: Mutex<any WorkerConnection>
    private let random: Mutex<Philox>
    private let percent: Int
    private let hasDisk: Bool

    /// - Parameters:
    ///   - percent: of how many calls something goes wrong.
    ///   - hasDisk: whether there is room for blobs.
    init(_ target: any WorkerConnection, seed: UInt64 = 0, percent: Int = 0, hasDisk: Bool = true) {
        self.hasDisk = hasDisk
        self.target = Mutex(target)
        random = Mutex(Philox(key: seed, stream: 0))
        self.percent = percent
    }

    /// The coordinator was started again.
    func connect(to other: any WorkerConnection) {
        target.withLock { $0 = other }
    }

    private func call<Answer>(_ body: (any WorkerConnection) throws -> Answer) throws -> Answer {
        let luck = random.withLock { $0.next(below: 200) }
        if luck < percent { throw ConnectionError(.unreachable, "it is dark") }
        let connection = target.withLock { $0 }
        let answer = try body(connection)
        if luck < 2 * percent { throw ConnectionError(.timedOut, "the answer was lost") }
        return answer
    }

    func register(_ registration: WorkerRegistration) throws -> WorkerWelcome {
        try call { try $0.register(registration) }
    }

    func lease(_ request: LeaseRequest) throws -> TaskLease? { try call { try $0.lease(request) } }
    func heartbeat(_ heartbeat: Heartbeat) throws -> HeartbeatReply { try call { try $0.heartbeat(heartbeat) } }
    func release(_ task: TaskID, _ release: TaskRelease) throws { try call { try $0.release(task, release) } }

    func deliver(_ task: TaskID, by claim: TaskClaim, update: Data) throws -> UpdateReceipt {
        try call { try $0.deliver(task, by: claim, update: update) }
    }

    func leave(_ worker: WorkerID, _ leave: WorkerLeave) throws { try call { try $0.leave(worker, leave) } }

    func localCopy(of blob: Digest, in folder: String, progress: @escaping (Int) -> Void) throws -> String {
        guard hasDisk else { throw CocoaError(.fileWriteOutOfSpace) }
        return try call { try $0.localCopy(of: blob, in: folder, progress: progress) }
    }

    func interrupt() { target.withLock { $0 }.interrupt() }
}
