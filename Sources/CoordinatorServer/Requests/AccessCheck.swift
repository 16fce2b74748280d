import HTTPTypes
import Hummingbird
import RunProtocol

/// Lets in who has the token, where there is one: programs by the header `Authorization`, browsers by a session's cookie.
struct AccessCheck: RouterMiddleware {
    let token: AccessToken?

    func handle(
        _ request: Request, context: ServerContext, next: Next
    ) async throws -> Response {
        guard isOwn(request.headers[.origin], request.head.authority) else {
            throw APIError(.unauthorized, "requests that another web site's page makes are refused")
        }
        guard isMeant(request.head.authority) else {
            throw APIError(
                .unauthorized, "without an access token the coordinator is only spoken to as localhost or 127.0.0.1",
                hint: "start it with --token-file")
        }
        guard Route.isOpen(request.uri.path) || hasToken(request) else {
            throw request.headers[.authorization] == nil
                ? APIError(
                    .unauthorized, "this coordinator needs its access token",
                    hint: "send the header Authorization: Bearer TOKEN; commands take --token-file")
                : APIError(
                    .unauthorized, "this is not the coordinator's access token",
                    hint: "take the file that the coordinator was started with")
        }
        return try await next(request, context)
    }

    /// Any page that a browser on this host shows can send requests to a loopback address; browsers say whose it is.
    private func isOwn(_ origin: String?, _ authority: String?) -> Bool {
        guard let origin else { return true }
        guard let authority else { return false }
        return origin == "http://\(authority)" || origin == "https://\(authority)"
    }

    /// Where nobody needs a token, a name that somebody else makes point to this host could bring a page of theirs in.
    private func isMeant(_ authority: String?) -> Bool {
        guard token == nil, let authority else { return true }
        let address = ListenAddress(authority) ?? ListenAddress(authority + ":80")
        return address?.isLoopback == true
    }

    private func hasToken(_ request: Request) -> Bool {
        guard let token else { return true }
        guard let authorization = request.headers[.authorization] else {
            return request.cookies[Route.sessionCookie].map { token.matches(session: $0.value) } ?? false
        }
        let scheme = "bearer "
        guard authorization.prefix(scheme.count).lowercased() == scheme else { return false }
        return token.matches(String(authorization.dropFirst(scheme.count)))
    }
}
