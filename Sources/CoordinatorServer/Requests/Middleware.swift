import DataFormats
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import PrintableText
import RunProtocol

/// Turns every error into the one form; what went wrong inside is logged and not told.
struct ErrorAnswers: RouterMiddleware {
    let admission: Admission

    func handle(_ request: Request, context: ServerContext, next: Next) async throws -> Response {
        let response: Response
        do {
            response = try await next(request, context)
        } catch let error as APIError {
            response = try .error(error)
        } catch let refusal as Refusal {
            response = try .error(refusal.error, isLast: true)
        } catch is HTTPParserError {
            response = try .error(
                APIError(.badRequest, "the request is not well-formed HTTP", hint: "send it as RFC 9112 says"),
                isLast: true)
        } catch let error as DataError where error.code == .hostShortage {
            admission.reached(.descriptors, by: context.channel)
            response = try .error(
                APIError(.unavailable, "the coordinator's host is in want: \(error.message)", hint: error.hint))
        } catch is CancellationError {
            response = try .error(APIError(.unavailable, "the coordinator is stopping", hint: "try again soon"))
        } catch let error as HTTPError where error.status == .notFound {
            response = try notFound(request)
        } catch  where error is ChannelError || error is IOError || context.hasHungUp {
            context.logger.debug("\(request.method) \(request.uri.path): the client hung up: \(error)")
            response = try .error(APIError(.badRequest, "the request was cut off"), isLast: true)
        } catch {
            context.logger.error("\(request.method) \(request.uri.path): \(error)")
            response = try .error(
                APIError(.internal, "something went wrong in the coordinator", hint: "its log says what"))
        }
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func notFound(_ request: Request) throws -> Response {
        let known = Route.methods(for: request.uri.path)
        // A path such as /v1 looks like a file's, and the router looks for none below it.
        guard !known.isEmpty, !known.contains(request.method) else {
            return try .error(APIError(.notFound, "there is nothing here", hint: "docs/openapi.yaml lists every path"))
        }
        let methods = known.map(\.rawValue).joined(separator: ", ")
        var response = try Response.error(APIError(.methodNotAllowed, "this path takes only: \(methods)"))
        response.headers[.allow] = methods
        return response
    }
}

/// Tells browsers to take every answer for what it says it is, and to keep it from other sites' pages.
struct GuardedAnswers: RouterMiddleware {
    func handle(_ request: Request, context: ServerContext, next: Next) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.crossOriginResourcePolicy] = "same-origin"
        return response
    }
}

/// A line for each request at debug level; headers and queries are left out, since they can hold secrets.
struct RequestLog: RouterMiddleware {
    func handle(_ request: Request, context: ServerContext, next: Next) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        context.logger.debug(
            "\(request.method) \(request.uri.path) \(response.status.code) \(Int(milliseconds.rounded())) ms")
        return response
    }
}

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
