/// Where a server listens: `127.0.0.1:8420`, `[::1]:8420`, `[fe80::1%eth0]:8420`, `localhost:8420`. Port 0 lets the system choose.
package struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name or an address, without brackets.
    package let host: String
    package let port: Int

    /// - Returns: nil unless `text` is HOST:PORT, an IPv6 address in brackets.
    package init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let port = Int(digits), port <= 65_535, let host = Self.host(in: text[..<colon])
        else { return nil }
        (self.host, self.port) = (host, port)
    }

    private init(host: String, port: Int) { (self.host, self.port) = (host, port) }

    /// The same host with the port that the system chose.
    package func with(port: Int) -> ListenAddress { ListenAddress(host: host, port: port) }

    private static func host(in text: Substring) -> String? {
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
        let host = isBracketed ? text.dropFirst().dropLast() : text
        // An IPv6 address may name the interface that it is meant for: fe80::1%eth0.
        let parts = isBracketed ? host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false) : [host]
        guard (1...253).contains(host.utf8.count), isMade(parts[0], of: isBracketed ? ".:" : ".-_"),
            parts.dropFirst().allSatisfy({ isMade($0, of: ".-_") })
        else { return nil }
        return String(host)
    }

    /// Whether it has letters, digits and `others`, and nothing else.
    private static func isMade(_ text: Substring, of others: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || others.utf8.contains(byte)
            }
    }

    /// Only programs on this host can reach it.
    package var isLoopback: Bool { host == "localhost" || host == "::1" || (host.hasPrefix("127.") && isIPv4) }

    /// It listens on all of the host's addresses.
    package var isAnywhere: Bool { host == "0.0.0.0" || host == "::" }

    private var isIPv4: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    /// - Throws: `ListenError` whenever others than this host's programs could come in without a token.
    package func validate(token hasToken: Bool) throws(ListenError) {
        guard isLoopback || hasToken else { throw .needsToken(self) }
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Why a server cannot listen.
package enum ListenError: Error, Hashable, Sendable, CustomStringConvertible {
    case needsToken(ListenAddress)
    case inUse(ListenAddress)
    case unavailable(ListenAddress, reason: String)

    package var description: String {
        switch self {
        case .needsToken(let address):
            "any program that reaches \(address) could give orders: protect it with --token-file, or listen on 127.0.0.1"
        case .inUse(let address):
            "\(address) is in use by another program; stop it or choose another with --listen"
        case .unavailable(let address, let reason):
            "cannot listen on \(address): \(reason); choose another address with --listen"
        }
    }
}
