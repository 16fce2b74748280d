import Glibc

/// Whom limits are counted for: an IPv4 address, or the first 64 bits of an IPv6 address, since one host may choose the
/// rest freely.
package enum ClientAddress: Hashable, Sendable, CustomStringConvertible {
    case v4(UInt32)
    case v6(prefix: UInt64)
    /// There is no network.
    case none

    /// - Parameter text: the address as the system writes it; nil where there is no network.
    package init(_ text: String?) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if let text, inet_pton(AF_INET, text, &bytes) == 1 {
            self = .v4(Self.number(bytes[..<4]))
        } else if let text, inet_pton(AF_INET6, text, &bytes) == 1 {
            // How a socket for both kinds writes an IPv4 address.
            let isIPv4 = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10...11].allSatisfy { $0 == 0xff }
            self = isIPv4 ? .v4(Self.number(bytes[12...])) : .v6(prefix: Self.number(bytes[..<8]))
        } else {
            self = .none
        }
    }

    private static func number<Number: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>) -> Number {
        bytes.reduce(0) { $0 << 8 | Number($1) }
    }

    package var description: String {
        switch self {
        case .v4(let bits): [24, 16, 8, 0].map { "\(bits >> $0 & 255)" }.joined(separator: ".")
        case .v6(let prefix):
            [48, 32, 16, 0].map { String(prefix >> $0 & 0xffff, radix: 16) }.joined(separator: ":") + "::/64"
        case .none: "no address"
        }
    }
}
