import HTTPTypes
import Hummingbird
import RunProtocol

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

extension HTTPField.Name { static let xForwardedProto = Self("X-Forwarded-Proto")! }
