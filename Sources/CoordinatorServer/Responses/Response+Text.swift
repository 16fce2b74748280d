import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
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
