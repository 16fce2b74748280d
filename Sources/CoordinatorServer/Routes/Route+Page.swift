import CDashboard
import HTTPTypes
import Hummingbird
import NIOCore
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

/// One file of the dashboard, as the program has it.
struct PageFile: Sendable {
    let body: ByteBuffer
    let digest: Digest
    let contentType: String

    /// By name.
    static let all: [String: PageFile] = {
        var files: [String: PageFile] = [:]
        var index = 0
        while case let file = cd_file_at(index), let name = file.name {
            let text = String(cString: name)
            let bytes = Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
            files[text] = PageFile(
                body: ByteBuffer(bytes: bytes), digest: Digest(of: bytes), contentType: contentType(of: text))
            index += 1
        }
        return files
    }()

    private static func contentType(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        default: "application/octet-stream"
        }
    }

    /// Only the coordinator's own scripts, styles and pictures, nothing written into the page, and no frame around it.
    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
        "form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    var headers: HTTPFields {
        [
            .contentType: contentType, .cacheControl: "no-cache", .contentSecurityPolicy: Self.policy,
            .referrerPolicy: "no-referrer", .crossOriginOpenerPolicy: "same-origin",
        ]
    }
}

/// What a browser asks its user for. `POST /v1/session`
package struct SessionRequest: Codable, Sendable {
    package var token: String

    package init(token: String) { self.token = token }
}

extension Route {
    /// The cookie by which a browser is let in.
    static let sessionCookie = "cairn-session"

    /// For browsers, so that no page's script keeps the token.
    static let session = [
        Route(.post, "/v1/session") { call in
            let message = try await call.message(
                SessionRequest.self, limit: MessageLimit.session, in: call.admission.logins)
            guard let token = call.token else { return done(nil) }
            guard token.matches(message.token) else {
                try await call.admission.wrongToken(on: call.context.channel)
                throw APIError(
                    .unauthorized, "this is not the coordinator's access token",
                    hint: "it is the line in the file that the coordinator was given with --token-file")
            }
            return done(cookie(token.session, call))
        },
        Route(.delete, "/v1/session") { call in done(cookie("", maxAge: 0, call)) },
    ]

    private static func cookie(_ value: String, maxAge: Int? = nil, _ call: Call) -> Cookie {
        // A proxy that speaks TLS says so.
        let isSecure = call.request.headers[.xForwardedProto]?.lowercased() == "https"
        return Cookie(
            name: sessionCookie, value: value, maxAge: maxAge, path: "/", secure: isSecure, httpOnly: true,
            sameSite: .strict)
    }

    private static func done(_ cookie: Cookie?) -> Response {
        var response = Response.bodiless(.noContent, headers: [.cacheControl: "no-store"])
        if let cookie { response.setCookie(cookie) }
        return response
    }
}
