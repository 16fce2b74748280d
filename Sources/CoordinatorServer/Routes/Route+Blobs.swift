import HTTPTypes
import Hummingbird
import NIOPosix
import RunProtocol

extension Route {
    /// Blobs never change, so caches may keep them for ever.
    static let blobs = [
        Route(.get, "/v1/blobs/{digest}", respond: blob), Route(.head, "/v1/blobs/{digest}", respond: blob),
    ]

    @Sendable private static func blob(_ call: Call) async throws -> Response {
        let blob = try await call.api.blob(call.digest())
        let tag = blob.digest.tag
        let audience = call.isPrivate ? "private" : "public"
        var headers: HTTPFields = [
            .eTag: tag, .acceptRanges: "bytes", .cacheControl: "\(audience), max-age=31536000, immutable",
        ]
        guard !call.request.knows(tag) else { return .bodiless(.notModified, headers: headers) }
        headers[.contentType] = "application/octet-stream"
        switch requestedRange(call.request, size: blob.bytes, tag: tag) {
        case .whole: return try await stream(blob, 0..<blob.bytes, status: .ok, headers: headers, call)
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(blob.bytes)"
            return try await stream(blob, range, status: .partialContent, headers: headers, call)
        case .unsatisfiable:
            var response = try Response.error(
                APIError(.rangeNotSatisfiable, "the blob has only \(blob.bytes) bytes", hint: "ask for bytes within it")
            )
            response.headers[.contentRange] = "bytes */\(blob.bytes)"
            return response
        }
    }

    private static func stream(
        _ blob: StoredBlob, _ range: Range<Int>, status: HTTPResponse.Status, headers: HTTPFields, _ call: Call
    ) async throws -> Response {
        var headers = headers
        headers[.contentLength] = String(range.count)
        guard call.request.method == .get, !range.isEmpty else { return Response(status: status, headers: headers) }
        let file = try await NIOThreadPool.singleton.runIfActive { try OpenBlob(blob) }
        return Response(status: status, headers: headers, body: file.body(range))
    }

    private static func requestedRange(_ request: Request, size: Int, tag: String) -> ByteRange {
        guard request.method == .get, let field = request.headers[.range] else { return .whole }
        // A resumed download goes on only where it still is the same blob.
        guard request.headers[.ifRange] ?? tag == tag else { return .whole }
        return ByteRange(field, size: size)
    }
}

/// Which bytes a request wants (RFC 9110, section 14). Several ranges at once are answered with the whole.
enum ByteRange: Hashable {
    case whole
    case part(Range<Int>)
    case unsatisfiable

    /// - Parameter field: the header `Range`; what is malformed counts as if it were not there.
    init(_ field: String, size: Int) {
        let unit = "bytes="
        let ends = field.dropFirst(unit.count).split(separator: "-", omittingEmptySubsequences: false)
        guard field.lowercased().hasPrefix(unit), ends.count == 2 else {
            self = .whole
            return
        }
        switch (Self.number(ends[0]), Self.number(ends[1])) {
        case (let first?, let last?): self = first > last ? .whole : Self.part(first..<last + 1, size: size)
        case (let first?, nil) where ends[1].isEmpty: self = Self.part(first..<max(first + 1, size), size: size)
        case (nil, let count?) where ends[0].isEmpty:
            self = count == 0 ? .unsatisfiable : Self.part(max(0, size - count)..<size, size: size)
        default: self = .whole
        }
    }

    private static func part(_ range: Range<Int>, size: Int) -> ByteRange {
        let within = range.clamped(to: 0..<size)
        return within.isEmpty ? .unsatisfiable : .part(within)
    }

    /// At most 18 digits: no file is larger.
    private static func number(_ text: Substring) -> Int? {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text)
    }
}
