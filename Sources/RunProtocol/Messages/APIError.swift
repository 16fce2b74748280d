import PrintableText

/// The one form of error that the coordinator answers with: `{"error": {"code", "message", "hint"}}`.
package struct APIError: Error, Codable, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong, for programs.
    package enum Code: String, Codable, Sendable, CaseIterable {
        case badRequest = "bad_request"
        case unauthorized
        /// The worker gets no more tasks: too many of its answers were refused.
        case quarantined
        /// The token does not say that this worker was given the task.
        case unproven
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        /// The request did not come in full in time.
        case requestTimeout = "request_timeout"
        case conflict
        case tooLarge = "too_large"
        case invalidPlan = "invalid_plan"
        case invalidData = "invalid_data"
        case refusedUpdate = "refused_update"
        case rangeNotSatisfiable = "range_not_satisfiable"
        case incompatibleVersion = "incompatible_version"
        case tooManyRequests = "too_many_requests"
        case storageFull = "storage_full"
        case `internal`
        /// The coordinator is stopping or not ready: try again.
        case unavailable

        package var httpStatus: Int {
            switch self {
            case .badRequest: 400
            case .unauthorized: 401
            case .quarantined, .unproven: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .requestTimeout: 408
            case .conflict: 409
            case .tooLarge: 413
            case .invalidPlan, .invalidData, .refusedUpdate: 422
            case .rangeNotSatisfiable: 416
            case .incompatibleVersion: 426
            case .tooManyRequests: 429
            case .internal: 500
            case .unavailable: 503
            case .storageFull: 507
            }
        }
    }

    package var code: Code
    /// What is wrong, in one sentence or one line a mistake.
    package var message: String
    /// What to do about it.
    package var hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        (self.code, self.message, self.hint) = (code, message, hint)
    }

    /// Whoever wants an export of a run that has none yet.
    package static func hasNotFinished(_ run: RunID) -> APIError {
        APIError(.conflict, "run \(run) has not finished", hint: "`cairn watch \(run)` shows how far it is")
    }

    package var description: String { hint.map { "\(message) (\($0))" } ?? message }
}

/// An error as the body of an answer.
package struct APIErrorBody: Codable, Hashable, Sendable {
    package var error: APIError

    package init(error: APIError) { self.error = error }
}

extension APIError {
    /// A body has more than `limit` bytes.
    package static func tooLong(limit: Int) -> APIError {
        APIError(.tooLarge, "the body is too long: at most \(limit) bytes are allowed here")
    }

    /// Says which field of a message is wrong, and how.
    package init(malformed error: DecodingError) {
        let message =
            switch error {
            case .keyNotFound(let key, let context): "`\(Self.path(context.codingPath + [key]))` is missing"
            case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
                "`\(Self.path(context.codingPath))` should be \(Self.name(of: type))"
            case .dataCorrupted(let context) where context.codingPath.isEmpty: "the body is not JSON"
            // It can have all of a text that was sent.
            case .dataCorrupted(let context):
                "`\(Self.path(context.codingPath))` is not what it should be: \(context.debugDescription.printable(atMost: 200))"
            @unknown default: "the body is not what it should be"
            }
        self.init(.badRequest, message, hint: "docs/openapi.yaml describes every message")
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        let path = keys.reduce(into: "") { path, key in
            path += key.intValue.map { "[\($0)]" } ?? (path.isEmpty ? "" : ".") + key.stringValue
        }
        return path.isEmpty ? "the body" : path
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Int.Type: "a whole number"
        case is Double.Type: "a number"
        case is Bool.Type: "true or false"
        case is [Any].Type: "a list"
        case is [String: Any].Type: "an object"
        default: "something else"
        }
    }
}
