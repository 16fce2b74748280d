import Dispatch

private let queue = DispatchQueue(label: "cairn.steps", attributes: .concurrent)

/// Does long work on a thread that is not one of the cooperative pool's, so that requests are answered meanwhile.
package func onThreadOfItsOwn<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result
{
    try await withCheckedThrowingContinuation { continuation in
        queue.async { continuation.resume(with: Swift.Result { try work() }) }
    }
}
