import Glibc
import HTTPTypes
package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import RunProtocol
import ServiceLifecycle

/// A `CoordinatorAPI` over HTTP: `docs/openapi.yaml` describes every route.
package struct HTTPServer: Service {
    /// More connections wait in the system's queue. A worker has one a slot and one for heartbeats.
    package static let connections = 4_096
    /// A connection on which nothing comes in for so long is closed, unless an answer is being worked on.
    package static let idleSeconds: Int64 = 90

    private let api: any CoordinatorAPI
    private let listen: ListenAddress
    private let token: AccessToken?
    private let logger: Logger
    private let watchers: Watchers
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - watchers: counts those who follow what happens.
    ///   - onListening: is told the port as soon as requests are taken.
    package init(
        api: any CoordinatorAPI, listen: ListenAddress, token: AccessToken?, logger: Logger,
        watchers: Watchers = Watchers(),
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.api = api
        self.listen = listen
        self.token = token
        self.logger = logger
        self.watchers = watchers
        self.onListening = onListening
    }

    /// Serves until graceful shutdown: requests in progress are answered, those that only wait are sent away.
    ///
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
        Application(
            router: router,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [CloseWithInput()], idleTimeout: .seconds(Self.idleSeconds))),
            configuration: .init(
                address: .hostname(listen.host, port: listen.port),
                availableConnectionsDelegate: MaximumAvailableConnections(Self.connections, logger: logger)),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? listen.port) },
            logger: logger)
    }

    private var router: Router<ServerContext> {
        let router = Router(context: ServerContext.self)
        router.add(middleware: RequestLog())
        router.add(middleware: GuardedAnswers())
        router.add(middleware: ErrorAnswers())
        router.add(middleware: AccessCheck(token: token))
        for route in Route.all {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                try await route.respond(
                    Call(request: request, context: context, api: api, token: token, watchers: watchers))
            }
        }
        return router
    }
}
