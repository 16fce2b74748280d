import HTTPTypes
import Hummingbird

/// Tells browsers to take every answer for what it says it is, and to keep it from other sites' pages.
struct GuardedAnswers: RouterMiddleware {
    func handle(_ request: Request, context: ServerContext, next: Next) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.crossOriginResourcePolicy] = "same-origin"
        return response
    }
}
