import CDashboard
import HTTPTypes
import Hummingbird
import NIOCore
import RunProtocol

/// One file of the dashboard, as the program has it.
struct PageFile: Sendable {
    let body: ByteBuffer
    let digest: Digest
    let contentType: String

    /// By name.
    static let all: [String: PageFile] = {
        var files: [String: PageFile] = [:]
        var index = 0
        while case let file = cd_file_at(index), let name = file.name {
            let text = String(cString: name)
            let bytes = Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
            files[text] = PageFile(
                body: ByteBuffer(bytes: bytes), digest: Digest(of: bytes), contentType: contentType(of: text))
            index += 1
        }
        return files
    }()

    private static func contentType(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        default: "application/octet-stream"
        }
    }

    /// Only the coordinator's own scripts, styles and pictures, nothing written into the page, and no frame around it.
    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
        "form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    var headers: HTTPFields {
        [
            .contentType: contentType, .cacheControl: "no-cache", .contentSecurityPolicy: Self.policy,
            .referrerPolicy: "no-referrer", .crossOriginOpenerPolicy: "same-origin",
        ]
    }
}

extension HTTPField.Name {
    static let referrerPolicy = Self("Referrer-Policy")!
    static let crossOriginOpenerPolicy = Self("Cross-Origin-Opener-Policy")!
}
