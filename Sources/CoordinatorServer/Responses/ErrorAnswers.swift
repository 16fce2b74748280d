import DataFormats
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
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
