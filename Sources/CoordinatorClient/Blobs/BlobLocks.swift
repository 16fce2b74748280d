import Synchronization

/// One lock for each blob's file, so that two threads in want of the same blob download it once.
final class BlobLocks: Sendable {
    /// What is known of a file that is held under its lock.
    private final class Lock: Sendable { let isVerified = Mutex(false) }

    /// To forget a file costs reading it once more.
    private static let mostFiles = 10_000

    private let locks = Mutex<[String: Lock]>([:])

    /// Calls `body` while no other thread works on `path`.
    func withLock(_ path: String, _ body: (inout Bool) throws -> Void) throws {
        let lock = locks.withLock { locks in
            if let lock = locks[path] { return lock }
            if locks.count >= Self.mostFiles { locks.removeAll() }
            let lock = Lock()
            locks[path] = lock
            return lock
        }
        try lock.isVerified.withLock { isVerified in try body(&isVerified) }
    }
}
