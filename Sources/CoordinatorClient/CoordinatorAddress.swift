import CCurl
package import RunProtocol

/// Where a coordinator is: scheme, host, port and, behind a reverse proxy, a path; checked.
package struct CoordinatorAddress: Hashable, Sendable, CustomStringConvertible {
    /// `http://host:port/path`, without a slash at its end.
    package let description: String
    /// `http` or `https`.
    let scheme: String
    /// A name or an address, without brackets and zone.
    let host: String
    /// Whether the host is this machine itself, which no proxy may come between.
    let isLoopback: Bool

    private static let longest = 2_048

    /// - Throws: `ConnectionError` that says what is wrong with `text` and what to write instead.
    package init(_ text: String) throws(ConnectionError) {
        // Credentials are looked for first, since all other messages repeat the text.
        guard !text.contains("@") else {
            throw Self.error(
                "a coordinator's address has no user or password", "leave them out and use an access token")
        }
        let shown = "'\(text.asOneLine)'"
        guard text.utf8.count <= Self.longest, let parts = URLParts(text) else {
            throw Self.error("\(shown) is not a coordinator's address", "write it like http://host:8080")
        }
        guard parts.scheme == "http" || parts.scheme == "https" else {
            throw Self.error("\(shown) does not begin with http:// or https://", "write it like http://host:8080")
        }
        guard !parts.host.isEmpty else {
            throw Self.error("\(shown) names no host", "write it like http://host:8080")
        }
        guard parts.port.isEmpty || Int(parts.port).map({ (1...65_535).contains($0) }) == true else {
            throw Self.error("\(shown) has a port that is not from 1 to 65535", "write it like http://host:8080")
        }
        let base = "\(parts.scheme)://\(parts.hostAndZone)" + (parts.port.isEmpty ? "" : ":\(parts.port)")
        guard !parts.hasMore, let path = Self.checked(path: parts.path) else {
            throw Self.error(
                "\(shown) goes on after the host and port with something other than the path of a reverse proxy",
                "write \(base)")
        }
        description = base + path
        scheme = parts.scheme
        host = parts.host.hasPrefix("[") ? String(parts.host.dropFirst().dropLast()) : parts.host
        isLoopback =
            host == "localhost" || host.hasSuffix(".localhost") || host.hasPrefix("127.") || host == "::1"
    }

    /// - Returns: the path without a slash at its end; nil where it is none below which a coordinator can be: all that one
    ///   answers is below `/v1` of its own, and what leads elsewhere (`..`) or must be escaped is refused.
    private static func checked(path: String) -> String? {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        let named = segments.last == "" ? segments.dropLast() : segments
        let areGood = named.allSatisfy { segment in
            !["", ".", "..", "v1"].contains(segment)
                && segment.utf8.allSatisfy {
                    UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                        || "-._~".utf8.contains($0)
                }
        }
        return areGood ? named.map { "/" + $0 }.joined() : nil
    }

    private static func error(_ wrong: String, _ remedy: String) -> ConnectionError {
        ConnectionError(.unreachable, "\(wrong): \(remedy)")
    }
}

/// A URL as libcurl understands it, so that what is checked is what will be used.
private struct URLParts {
    var scheme = ""
    /// An IPv6 address is in brackets.
    var host = ""
    /// Of a link-local IPv6 address, such as `eth0`.
    var zone = ""
    var port = ""
    var path = ""
    /// Whether there is a query or a fragment.
    var hasMore = false

    /// As it stands in a URL (RFC 6874).
    var hostAndZone: String { zone.isEmpty ? host : "\(host.dropLast())%25\(zone)]" }

    init?(_ text: String) {
        guard let url = curl_url() else { return nil }
        defer { curl_url_cleanup(url) }
        func part(_ part: CURLUPart) -> String {
            var bytes: UnsafeMutablePointer<CChar>?
            guard curl_url_get(url, part, &bytes, 0) == CURLUE_OK, let bytes else { return "" }
            defer { curl_free(bytes) }
            return String(cString: bytes)
        }
        guard text.contains("://") else { return }
        switch curl_url_set(url, CURLUPART_URL, text, UInt32(CURLU_PATH_AS_IS)) {
        case CURLUE_OK: break
        case CURLUE_UNSUPPORTED_SCHEME, CURLUE_BAD_SCHEME: return
        case CURLUE_BAD_PORT_NUMBER:
            (scheme, host, port) = ("http", "host", "0")
            return
        case CURLUE_NO_HOST:
            scheme = "http"
            return
        default: return nil
        }
        scheme = part(CURLUPART_SCHEME)
        host = part(CURLUPART_HOST)
        zone = part(CURLUPART_ZONEID)
        port = part(CURLUPART_PORT)
        path = part(CURLUPART_PATH)
        hasMore = !(part(CURLUPART_QUERY) + part(CURLUPART_FRAGMENT)).isEmpty
    }
}

extension String {
    /// The text for use within a message: no line breaks or other control characters, and not too long.
    var asOneLine: String {
        let hidden: Set<Unicode.GeneralCategory> = [.control, .format, .lineSeparator, .paragraphSeparator]
        let scalars = unicodeScalars.map { hidden.contains($0.properties.generalCategory) ? " " : $0 }
        let clean = String(String.UnicodeScalarView(scalars))
        return clean.count > 200 ? clean.prefix(200) + "..." : clean
    }
}
