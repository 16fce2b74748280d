import Synchronization

/// Lets tasks wait until something may have changed.
///
/// ```swift
/// let rings = bell.rings
/// // look at what may change ...
/// await bell.wait(after: rings, until: deadline)   // returns at once if the bell rang in between
/// ```
package final class Bell: Sendable {
    private struct Waiter {
        var continuation: CheckedContinuation<Void, Never>
        var timer: Task<Void, Never>
    }

    private struct State {
        var rings = 0
        var lastID = 0
        var waiters: [Int: Waiter] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// How often the bell has rung.
    package var rings: Int { state.withLock { $0.rings } }

    /// Wakes all that wait.
    package func ring() {
        let waiters = state.withLock { state in
            state.rings += 1
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values {
            waiter.timer.cancel()
            waiter.continuation.resume()
        }
    }

    /// Returns when the bell has rung more than `rings` times, at `deadline`, or when the task is cancelled.
    package func wait(after rings: Int, until deadline: ContinuousClock.Instant) async {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    guard state.rings == rings, !Task.isCancelled else { return false }
                    let timer = Task {
                        try? await Task.sleep(until: deadline)
                        self.wake(id)
                    }
                    state.waiters[id] = Waiter(continuation: continuation, timer: timer)
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            wake(id)
        }
    }

    private func wake(_ id: Int) {
        let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
        waiter?.timer.cancel()
        waiter?.continuation.resume()
    }
}
