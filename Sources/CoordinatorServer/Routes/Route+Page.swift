import HTTPTypes
import Hummingbird
import RunProtocol

extension Route {
    /// The dashboard, for browsers.
    static let page = [
        Route(.get, "/", respond: start), Route(.head, "/", respond: start),
        Route(.get, "/{file}", respond: file), Route(.head, "/{file}", respond: file),
    ]

    /// For whatever looks after the coordinator.
    static let probes = [
        Route(.get, "/healthz") { _ in .text("ok") },
        Route(.get, "/readyz") { call in
            guard let reason = await call.api.reasonToPause() else { return .text("ready") }
            // Reasons name files: not for those who have no token.
            return .text(call.isPrivate ? "paused" : reason, status: .serviceUnavailable)
        },
        Route(.get, "/metrics") { call in
            .text(await call.api.metrics() + call.admission.metrics, type: "text/plain; version=0.0.4; charset=utf-8")
        },
    ]

    @Sendable private static func start(_ call: Call) async throws -> Response {
        try answer(call, name: "index.html")
    }

    @Sendable private static func file(_ call: Call) async throws -> Response {
        try answer(call, name: call.context.parameters.get("file") ?? "")
    }

    private static func answer(_ call: Call, name: String) throws -> Response {
        guard let file = PageFile.all[name] else {
            throw APIError(.notFound, "there is nothing here", hint: "docs/openapi.yaml lists every path")
        }
        return .tagged(file.body, digest: file.digest, to: call.request, headers: file.headers)
    }
}
