import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import RunProtocol

extension Response {
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        try Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: encode(value))))
    }

    /// One line, keys sorted.
    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    /// - Parameter isLast: whether the connection is closed afterwards.
    static func error(_ error: APIError, isLast: Bool = false) throws -> Response {
        var response = try json(APIErrorBody(error: error), status: .init(code: error.code.httpStatus))
        switch error.code {
        case .unauthorized: response.headers[.wwwAuthenticate] = "Bearer"
        case .unavailable, .tooManyRequests: response.headers[.retryAfter] = "1"
        default: break
        }
        if isLast { response.headers[.connection] = "close" }
        return response
    }

    /// An answer of a status that has no body, and so no length.
    static func bodiless(_ status: HTTPResponse.Status, headers: HTTPFields = [:]) -> Response {
        var response = Response(status: status, headers: headers)
        response.headers[.contentLength] = nil
        return response
    }

    static func text(
        _ text: String, type: String = "text/plain; charset=utf-8", status: HTTPResponse.Status = .ok
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// A text that browsers save.
    /// - Parameter name: of letters, digits, hyphens and full stops alone.
    static func file(_ text: String, type: String, name: String) -> Response {
        var response = Response.text(text, type: type)
        response.headers[.contentDisposition] = "attachment; filename=\"\(name)\""
        return response
    }
}

extension Digest {
    /// As the header `ETag` has it.
    var tag: String { "\"\(self)\"" }
}

extension Request {
    /// Whether the client has what bears `tag` (RFC 9110, section 13.1.2).
    func knows(_ tag: String) -> Bool {
        guard let field = headers[.ifNoneMatch] else { return false }
        return field.split(separator: ",").contains { part in
            let other = part.filter { $0 != " " && $0 != "\t" }
            return other == "*" || other == tag || other == "W/" + tag
        }
    }
}

extension Response {
    /// Bytes for a client that keeps them and asks each time whether they still are the latest.
    static func tagged(
        _ body: ByteBuffer, digest: Digest, to request: Request, headers: HTTPFields
    ) -> Response {
        var headers = headers
        headers[.eTag] = digest.tag
        guard !request.knows(digest.tag) else {
            headers[.contentType] = nil
            return .bodiless(.notModified, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}
