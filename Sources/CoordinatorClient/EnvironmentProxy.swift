import Glibc
import RunProtocol

/// The proxy that environment variables name for requests to an address, by libcurl's rules; so messages can name what a
/// request went through.
package struct EnvironmentProxy: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// Which variable names it, such as `https_proxy`.
    package let variable: String
    /// The variable's value: it may hold credentials.
    let url: String
    /// How to do without it.
    private let remedy: String
    private let address: CoordinatorAddress

    /// - Returns: nil where requests to `address` go there directly.
    package init?(for address: CoordinatorAddress, in environment: [String: String]) {
        func named(_ names: [String]) -> String? { names.first { environment[$0]?.isEmpty == false } }
        // HTTP_PROXY is no such variable: a web server sets it from its caller's header `Proxy`.
        let names = ["\(address.scheme)_proxy"] + (address.scheme == "https" ? ["HTTPS_PROXY"] : [])
        guard !address.isLoopback, let variable = named(names + ["all_proxy", "ALL_PROXY"]) else { return nil }
        let exceptions = named(["no_proxy", "NO_PROXY"])
        let list = exceptions.flatMap { environment[$0] } ?? ""
        guard !Self.isListed(address.host, in: list) else { return nil }
        (self.variable, self.address, url) = (variable, address, environment[variable] ?? "")
        remedy = exceptions.map { "add \(address.host) to \($0)" } ?? "set NO_PROXY=\(address.host)"
    }

    /// Without credentials.
    package var description: String { "the proxy \(shown) of \(variable)" }
    package var customMirror: Mirror { Mirror(self, children: ["variable": variable]) }

    /// One line for a log.
    package var notice: String { "requests to \(address) go through \(description); \(remedy) to go round it" }

    /// `text` without what only the variable's owner should know.
    func redacted(_ text: String) -> String { text.replacing(url, with: shown) }

    func mentioned(in error: ConnectionError) -> ConnectionError {
        ConnectionError(error.reason, "\(error.message); this went through \(description): \(remedy) to go round it")
    }

    private var shown: String {
        let start = url.firstRange(of: "://")?.upperBound ?? url.startIndex
        let host = url[start...].lastIndex(of: "@").map(url.index(after:)) ?? start
        return String(url[..<start] + url[host...]).asOneLine
    }

    // MARK: The list of hosts without a proxy

    /// - Parameter list: `*`, or names (with all below them), addresses and networks such as `10.0.0.0/8`, with commas or
    ///   spaces between.
    private static func isListed(_ host: String, in list: String) -> Bool {
        let entries = list.split { $0 == "," || $0.isWhitespace }
        if entries == ["*"] { return true }
        guard let address = bytes(host) else {
            let name = host.withoutDots.lowercased()
            return entries.contains { entry in
                let domain = String(entry).withoutDots.lowercased()
                return !domain.isEmpty && (name == domain || name.hasSuffix("." + domain))
            }
        }
        return entries.contains { entry in
            let parts = entry.split(separator: "/", maxSplits: 1)
            let bare = parts.first.map { $0.hasPrefix("[") && $0.hasSuffix("]") ? $0.dropFirst().dropLast() : $0 } ?? ""
            guard let network = bytes(String(bare)), network.count == address.count else { return false }
            let bits = parts.count == 2 ? Int(parts[1]) ?? -1 : network.count * 8
            return (0...network.count * 8).contains(bits)
                && (0..<bits).allSatisfy { (network[$0 / 8] ^ address[$0 / 8]) & (0x80 >> UInt8($0 % 8)) == 0 }
        }
    }

    /// An address' 4 or 16 bytes; nil for a name.
    private static func bytes(_ text: String) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &buffer) == 1 { return Array(buffer.prefix(4)) }
        return inet_pton(AF_INET6, text, &buffer) == 1 ? buffer : nil
    }
}

extension String {
    /// A domain's name without the dots around it.
    fileprivate var withoutDots: String {
        let rest = drop { $0 == "." }
        return String(rest.hasSuffix(".") ? rest.dropLast() : rest)
    }
}
