import HTTPTypes
import Hummingbird
import NIOCore
import RunProtocol

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
