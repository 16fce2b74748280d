/// The checksum of TFRecord files: CRC-32 with Castagnoli's polynomial, 0x1EDC6F41, as in RFC 3720, appendix B.4.
package enum CRC32C {
    /// For each byte: what it does to a checksum, the polynomial's bits from the lowest up.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0x82F6_3B78 : sum >> 1 }
    }

    package static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { sum, byte in sum >> 8 ^ table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] }
    }

    /// As it stands in TFRecord files: turned by 15 bits and moved on, so that a checksum of bytes with checksums in them
    /// means something.
    package static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
        let sum = checksum(bytes)
        return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
    }
}
