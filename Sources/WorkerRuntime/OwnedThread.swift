import Glibc

/// A detached thread with a stack of 8 MiB: training never runs on the cooperative pool.
struct OwnedThread {
    private final class Body {
        let run: @Sendable () -> Void

        init(run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    private let body: Body

    init(_ run: @escaping @Sendable () -> Void) {
        body = Body(run: run)
    }

    /// Starts the thread; it ends with its body.
    func start() {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, 8 << 20)
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(body).toOpaque()
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                body.run()
                return nil
            }, argument)
        precondition(code == 0, "no thread can be started: \(String(cString: strerror(code)))")
    }
}
