import Glibc
import HTTPTypes
package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
package import RunProtocol
import ServiceLifecycle

/// A `CoordinatorAPI` over HTTP: `docs/openapi.yaml` describes every route.
package struct HTTPServer: Service {
    /// So many connections wait for the server while it is busy: workers come back all at once.
    private static let backlog = 1_024
    /// A request's fields: the longest token and what browsers keep of other servers on the same host.
    private static let headBytes = 32 << 10

    private let api: any CoordinatorAPI
    private let listen: ListenAddress
    private let token: AccessToken?
    private let logger: Logger
    private let watchers: Watchers
    private let admission: Admission
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - watchers: counts those who follow what happens.
    ///   - limits: of which there are fewer connections where there are few descriptors.
    ///   - onListening: is told the port as soon as requests are taken.
    package init(
        api: any CoordinatorAPI, listen: ListenAddress, token: AccessToken?, logger: Logger,
        watchers: Watchers = Watchers(), limits: ServerLimits = ServerLimits(),
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        (self.api, self.listen, self.token, self.logger, self.watchers) = (api, listen, token, logger, watchers)
        // These have descriptors of their own, once they are there.
        _ = MultiThreadedEventLoopGroup.singleton.next()
        let descriptors = DescriptorLimit.current
        admission = Admission(limits.fitting(descriptors: descriptors), logger: logger)
        if admission.limits.connections < limits.connections {
            logger.warning(
                """
                there is room for \(admission.limits.connections) connections, since only \(descriptors.limit) files may \
                be open: raise LimitNOFILE or ulimit -n
                """)
        }
        self.onListening = onListening
    }

    /// Serves until graceful shutdown: requests in progress are answered, those that only wait are sent away.
    /// - Throws: `ListenError` whenever it cannot listen.
    package func run() async throws {
        try listen.validate(token: token != nil)
        do {
            try await application.run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ListenError.inUse(listen)
        } catch let error as IOError {
            throw ListenError.unavailable(listen, reason: String(cString: strerror(error.errnoCode)))
        } catch is SocketAddressError {
            throw ListenError.unavailable(listen, reason: "no address belongs to this name")
        }
    }

    /// The whole server as one value, for tests that have their own way of running it.
    package var application: some ApplicationProtocol {
        let admission = admission
        let most = admission.limits.connections + admission.limits.connectionsInPassing
        return Application(
            router: router,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [RequestGuard(admission)],
                    idleTimeout: .milliseconds(Int64(admission.limits.idleSeconds * 1_000)),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: Self.headBytes, maxHeaderListSize: Self.headBytes))),
            configuration: .init(
                address: .hostname(listen.host, port: listen.port), backlog: Self.backlog,
                availableConnectionsDelegate: MaximumAvailableConnections(most, logger: logger)),
            onServerRunning: { channel in
                try? await channel.eventLoop.submit {
                    try channel.pipeline.syncOperations.addHandler(AcceptGuard(admission), position: .first)
                }.get()
                await onListening(channel.localAddress?.port ?? listen.port)
            },
            logger: logger)
    }

    private var router: Router<ServerContext> {
        let router = Router(context: ServerContext.self)
        router.add(middleware: RequestLog())
        router.add(middleware: GuardedAnswers())
        router.add(middleware: ErrorAnswers(admission: admission))
        router.add(middleware: AccessCheck(token: token, admission: admission))
        for route in Route.all {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                try await route.respond(
                    Call(
                        request: request, context: context, api: api, token: token, watchers: watchers,
                        admission: admission))
            }
        }
        return router
    }
}
