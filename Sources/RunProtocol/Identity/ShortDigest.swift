import Crypto

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
