import HTTPTypes
import Hummingbird
import RunProtocol

/// Lets in who has the token, where there is one.
struct AccessCheck: RouterMiddleware {
    let token: AccessToken?

    func handle(
        _ request: Request, context: ServerContext, next: Next
    ) async throws -> Response {
        guard isOwn(request.headers[.origin], request.head.authority) else {
            throw APIError(.unauthorized, "requests that another web site's page makes are refused")
        }
        guard hasToken(request.headers[.authorization]) else {
            throw APIError(
                .unauthorized, "this coordinator needs its access token",
                hint: "send the header Authorization: Bearer TOKEN; commands take --token-file")
        }
        return try await next(request, context)
    }

    /// Any page that a browser on this host shows can send requests to a loopback address; browsers say whose it is.
    private func isOwn(_ origin: String?, _ authority: String?) -> Bool {
        guard let origin else { return true }
        guard let authority else { return false }
        return origin == "http://\(authority)" || origin == "https://\(authority)"
    }

    private func hasToken(_ authorization: String?) -> Bool {
        guard let token else { return true }
        let scheme = "bearer "
        guard let authorization, authorization.prefix(scheme.count).lowercased() == scheme else { return false }
        return token.matches(String(authorization.dropFirst(scheme.count)))
    }
}
