import Dispatch
import Synchronization

private let queue = DispatchQueue(label: "cairn.steps", attributes: .concurrent)

/// Does long work on a thread that is not one of the cooperative pool's, so that requests are answered meanwhile.
package func onThreadOfItsOwn<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result
{
    try await withCheckedThrowingContinuation { continuation in
        queue.async { continuation.resume(with: Swift.Result { try work() }) }
    }
}

/// The same for work that nothing waits for once the task is cancelled: what it does can be begun anew at any time.
/// - Throws: `CancellationError` as soon as the task is cancelled; the thread ends with the process, or by itself.
func onAbandonedThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    let promise = Promise<Result>()
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            promise.expect(continuation)
            queue.async { promise.keep(Swift.Result { try work() }) }
        }
    } onCancel: {
        promise.keep(.failure(CancellationError()))
    }
}

/// What comes first counts.
private final class Promise<Value: Sendable>: Sendable {
    private struct State: Sendable {
        var continuation: CheckedContinuation<Value, any Error>?
        var outcome: Result<Value, any Error>?
    }

    private let state = Mutex(State())

    func expect(_ continuation: CheckedContinuation<Value, any Error>) {
        let outcome = state.withLock { state in
            if state.outcome == nil { state.continuation = continuation }
            return state.outcome
        }
        if let outcome { continuation.resume(with: outcome) }
    }

    func keep(_ outcome: Result<Value, any Error>) {
        let continuation = state.withLock { state -> CheckedContinuation<Value, any Error>? in
            guard state.outcome == nil else { return nil }
            state.outcome = outcome
            defer { state.continuation = nil }
            return state.continuation
        }
        continuation?.resume(with: outcome)
    }
}
