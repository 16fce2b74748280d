import Hummingbird
import Logging

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
