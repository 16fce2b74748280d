import CCurl
package import RunProtocol

/// Where a coordinator is: scheme, host and port, checked.
package struct CoordinatorAddress: Hashable, Sendable, CustomStringConvertible {
    /// `http://host:port`, without a slash at its end.
    package let description: String
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
        let base = "\(parts.scheme)://\(parts.host)" + (parts.port.isEmpty ? "" : ":\(parts.port)")
        guard parts.rest.isEmpty || parts.rest == "/" else {
            throw Self.error("\(shown) goes on after the host and port", "write \(base)")
        }
        description = base
        isLoopback =
            parts.host == "localhost" || parts.host.hasSuffix(".localhost") || parts.host.hasPrefix("127.")
            || parts.host == "[::1]"
    }

    private static func error(_ wrong: String, _ remedy: String) -> ConnectionError {
        ConnectionError(.unreachable, "\(wrong): \(remedy)")
    }
}

/// A URL as libcurl understands it, so that what is checked is what will be used.
private struct URLParts {
    var scheme = ""
    var host = ""
    var port = ""
    /// Path, query and fragment.
    var rest = ""

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
        switch curl_url_set(url, CURLUPART_URL, text, 0) {
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
        port = part(CURLUPART_PORT)
        rest = part(CURLUPART_PATH) + part(CURLUPART_QUERY) + part(CURLUPART_FRAGMENT)
    }
}

extension String {
    /// The text for use within a message: no line breaks or other control characters, and not too long.
    var asOneLine: String {
        let clean = String(String.UnicodeScalarView(unicodeScalars.map { $0.properties.isPrintable ? $0 : " " }))
        return clean.count > 200 ? clean.prefix(200) + "..." : clean
    }
}

extension Unicode.Scalar.Properties {
    fileprivate var isPrintable: Bool {
        switch generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
