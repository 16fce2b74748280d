import PrintableText

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
