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
}
