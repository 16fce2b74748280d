import Crypto
package import FoundationEssentials

/// The SHA-256 of some bytes: the name of a blob, and the proof that it arrived whole.
package struct Digest: Hashable, Sendable, Comparable, WrittenAsText {
    /// 64 lowercase hexadecimal digits.
    package let hex: String

    package static let form = "a SHA-256 has 64 lowercase hexadecimal digits"

    /// - Returns: nil unless `hex` is 64 lowercase hexadecimal digits.
    package init?(hex: String) {
        let isHexadecimal = hex.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard hex.utf8.count == 64, isHexadecimal else { return nil }
        self.hex = hex
    }

    package init?(_ text: String) { self.init(hex: text) }

    /// The digest of `bytes`.
    package init(of bytes: some DataProtocol) { self.init(SHA256.hash(data: bytes)) }

    init(_ hash: SHA256.Digest) {
        let digits = Array("0123456789abcdef".utf8)
        hex = String(decoding: hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The first eight digits: enough for a person to tell blobs apart.
    package var short: String { String(hex.prefix(8)) }

    package var description: String { hex }

    package static func < (left: Digest, right: Digest) -> Bool { left.hex < right.hex }
}

/// Hashes bytes as they come by, for what is too large to hold in memory.
package struct DigestHasher {
    private var hash = SHA256()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

    package consuming func finish() -> Digest { Digest(hash.finalize()) }
}

/// The first half of the SHA-256 of some bytes: enough to tell samples apart, and small enough to keep one for each.
package struct ShortDigest: Hashable, Sendable, Comparable {
    private let high: UInt64
    private let low: UInt64

    package init(of bytes: UnsafeRawBufferPointer) {
        var hash = SHA256()
        hash.update(bufferPointer: bytes)
        (high, low) = hash.finalize().withUnsafeBytes {
            ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
    }

    package static func < (left: ShortDigest, right: ShortDigest) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }
}
