import Dispatch
package import FoundationEssentials
import Glibc
package import RunProtocol
import Synchronization

/// A worker's connection to a coordinator in the same process: the same calls without HTTP.
package final class LocalConnection: WorkerConnection {
    private let api: any CoordinatorAPI
    private struct State {
        var isInterrupted = false
        var waiting: [Int: @Sendable () -> Void] = [:]
        var lastID = 0
    }
    private let state = Mutex(State())

    package init(_ api: any CoordinatorAPI) { self.api = api }

    package func register(_ registration: WorkerRegistration) throws -> WorkerWelcome {
        try wait { try await $0.register(registration) }
    }

    package func lease(_ request: LeaseRequest) throws -> TaskLease? {
        guard !state.withLock({ $0.isInterrupted }) else {
            throw ConnectionError(.interrupted, "the worker is stopping")
        }
        return try wait(isInterruptible: true) { try await $0.lease(request) }
    }

    package func heartbeat(_ heartbeat: Heartbeat) throws -> HeartbeatReply {
        try wait { try await $0.heartbeat(heartbeat) }
    }

    package func release(_ task: TaskID, _ release: TaskRelease) throws {
        try wait { try await $0.release(task, release) }
    }

    package func leave(_ worker: WorkerID, _ leave: WorkerLeave) throws {
        try wait { try await $0.leave(worker, leave) }
    }

    package func deliver(_ task: TaskID, by claim: TaskClaim, update: Data) throws -> UpdateReceipt {
        let path = "\(api.uploadFolder)/\(task)-\(UInt64.random(in: 0...UInt64.max))"
        do {
            try update.write(to: URL(filePath: path))
        } catch {
            unlink(path)
            throw APIError(.storageFull, "the update could not be written to \(path)", hint: "make room on the disk")
        }
        let upload = UploadedFile(path: path, bytes: update.count, digest: Digest(of: update))
        return try wait { try await $0.deliver(task, by: claim, update: upload) }
    }

    package func localCopy(of blob: Digest, in folder: String, progress: @escaping (Int) -> Void) throws -> String {
        try wait { try await $0.blob(blob) }.path
    }

    package func interrupt() {
        let waiting = state.withLock { state in
            state.isInterrupted = true
            defer { state.waiting = [:] }
            return state.waiting
        }
        for cancel in waiting.values { cancel() }
    }

    /// Blocks the calling thread, which is a slot's own and not one of the cooperative pool's.
    private func wait<Answer: Sendable>(
        isInterruptible: Bool = false, _ call: @escaping @Sendable (any CoordinatorAPI) async throws -> Answer
    ) throws -> Answer {
        let done = DispatchSemaphore(value: 0)
        let box = Box<Answer>()
        let task = Task { [api] in
            let result: Result<Answer, any Error>
            do { result = .success(try await call(api)) } catch { result = .failure(error) }
            box.answer.withLock { $0 = result }
            done.signal()
        }
        let id = state.withLock { state in
            state.lastID += 1
            guard isInterruptible else { return state.lastID }
            if state.isInterrupted { task.cancel() } else { state.waiting[state.lastID] = { task.cancel() } }
            return state.lastID
        }
        done.wait()
        state.withLock { $0.waiting[id] = nil }
        guard let result = box.answer.withLock({ $0 }) else {
            throw ConnectionError(.malformedAnswer, "the coordinator gave no answer")
        }
        return try result.get()
    }

    private final class Box<Answer: Sendable>: Sendable { let answer = Mutex<Result<Answer, any Error>?>(nil) }
}
