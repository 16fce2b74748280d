import FoundationEssentials
import HTTPTypes
import RunProtocol

extension HTTPField.Name {
    static let cairnLease = Self("Cairn-Lease")!
    /// RFC 9530.
    static let contentDigest = Self("Content-Digest")!
    static let crossOriginOpenerPolicy = Self("Cross-Origin-Opener-Policy")!
    static let lastEventID = Self("Last-Event-ID")!
    static let referrerPolicy = Self("Referrer-Policy")!
    static let secFetchSite = Self("Sec-Fetch-Site")!
    static let xAccelBuffering = Self("X-Accel-Buffering")!
    static let xForwardedProto = Self("X-Forwarded-Proto")!
}

extension Digest {
    /// Reads `sha-256=:BASE64:`, where other algorithms may stand beside it.
    init?(contentDigest field: String) {
        let prefix = "sha-256=:"
        let members = field.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" } }
        guard let member = members.first(where: { $0.hasPrefix(prefix) && $0.hasSuffix(":") }),
            let bytes = Data(base64Encoded: String(member.dropFirst(prefix.count).dropLast())), bytes.count == 32
        else { return nil }
        let digits = Array("0123456789abcdef".utf8)
        self.init(hex: String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self))
    }
}
