import HTTPTypes
import Hummingbird
import PrintableText
import RunProtocol

/// Lets in who has the token, where there is one: programs by the header `Authorization`, browsers by a session's cookie.
struct AccessCheck: RouterMiddleware {
    let token: AccessToken?
    let admission: Admission

    func handle(_ request: Request, context: ServerContext, next: Next) async throws -> Response {
        if let refusal = refusalOfOtherSites(request) { throw refusal }
        guard isMeant(request.head.authority) else {
            throw APIError(
                .unauthorized, "without an access token the coordinator is only spoken to as localhost or 127.0.0.1",
                hint: "start it with --token-file")
        }
        guard !Route.isOpen(request.uri.path) else { return try await next(request, context) }
        guard hasToken(request) else { throw try await refusal(of: request, context) }
        // Without a token, a client counts as authorized once it has asked for something that there is.
        if token != nil { admission.authorized(context.channel) }
        let response = try await next(request, context)
        admission.authorized(context.channel)
        return response
    }

    private func refusal(of request: Request, _ context: ServerContext) async throws -> APIError {
        let hasTried = request.headers[.authorization] != nil || request.cookies[Route.sessionCookie] != nil
        if hasTried { try await admission.wrongToken(on: context.channel) }
        return request.headers[.authorization] == nil
            ? APIError(
                .unauthorized, "this coordinator needs its access token",
                hint: "send the header Authorization: Bearer TOKEN; commands take --token-file FILE or CAIRN_TOKEN_FILE"
            )
            : APIError(
                .unauthorized, "this is not the coordinator's access token",
                hint: "take the file that the coordinator was started with")
    }

    /// Any page that a browser on this host shows can send requests to a loopback address; browsers say whose it is.
    private func refusalOfOtherSites(_ request: Request) -> APIError? {
        guard let origin = request.headers[.origin] else { return nil }
        let authority = request.head.authority ?? ""
        // No page can set this header, and behind a proxy the authority may not be the one that the browser sees.
        let isOwn =
            request.headers[.secFetchSite] == "same-origin"
            || origin == "http://\(authority)" || origin == "https://\(authority)"
        guard !isOwn else { return nil }
        return APIError(
            .unauthorized,
            "requests that another web site's page makes are refused: this one is from \(origin.printable()) "
                + "and was sent to \(authority.printable())",
            hint:
                "where both are the coordinator, its proxy changes the name: `proxy_set_header Host $http_host;` helps"
        )
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

extension HTTPField.Name { static let secFetchSite = Self("Sec-Fetch-Site")! }
