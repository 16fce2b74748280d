import Glibc
import Synchronization

/// Threads that compute: training never runs on the cooperative pool. Each has a stack of 8 MiB, and matrix products that
/// it asks for run on it alone.
package enum ComputeThread {
    /// Starts a thread that nobody waits for; it ends with its body.
    /// - Parameter core: where it shall stay. A core that it may not have leaves it free.
    package static func start(core: Int? = nil, _ body: @escaping @Sendable () -> Void) {
        pthread_detach(launch(core: core, body))
    }

    /// Runs `body` on `count` threads at once.
    /// - Parameters:
    ///   - pinned: whether each stays on a core of its own, where there are enough.
    ///   - body: is told which thread it runs on, from 0.
    /// - Returns: what each returned, in their order.
    package static func results<Result: Sendable>(
        count: Int, pinned: Bool, _ body: @escaping @Sendable (Int) -> Result
    ) -> [Result] {
        let results = Results<Result>()
        let cores = pinned ? CoreSet.cores(forSlots: count) : nil
        let threads = (0..<count).map { index in
            launch(core: cores?[index]) {
                let result = body(index)
                results.byThread.withLock { $0[index] = result }
            }
        }
        threads.forEach { pthread_join($0, nil) }
        return results.byThread.withLock { results in (0..<count).compactMap { results[$0] } }
    }

    private final class Results<Result: Sendable>: Sendable { let byThread = Mutex<[Int: Result]>([:]) }

    private final class Start {
        let core: Int?
        let body: @Sendable () -> Void

        init(core: Int?, body: @escaping @Sendable () -> Void) { (self.core, self.body) = (core, body) }
    }

    private static func launch(core: Int?, _ body: @escaping @Sendable () -> Void) -> pthread_t {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, 8 << 20)
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(Start(core: core, body: body)).toOpaque()
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                if let core = start.core { CoreSet.stay(on: core) }
                Engine.useOneThread()
                start.body()
                return nil
            }, argument)
        precondition(code == 0, "no thread can be started: \(String(cString: strerror(code)))")
        return thread
    }
}
