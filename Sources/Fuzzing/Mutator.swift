import RandomNumbers

/// Makes new bytes from known ones, by chance: the same seed makes the same.
package struct Mutator {
    /// What is mutated, and spliced with.
    private let corpus: [[UInt8]]
    private var random: Philox

    private static let largestSize = 1 << 16

    package init(corpus: [[UInt8]], seed: UInt64) {
        precondition(!corpus.isEmpty, "there is nothing to mutate")
        self.corpus = corpus
        random = Philox(key: seed, stream: 0)
    }

    package mutating func next() -> [UInt8] {
        var bytes = corpus[random.next(below: corpus.count)]
        for _ in 0...random.next(below: 4) { change(&bytes) }
        return Array(bytes.prefix(Self.largestSize))
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return bytes = corpus[random.next(below: corpus.count)] }
        let place = random.next(below: bytes.count)
        let part = place..<place + 1 + random.next(below: min(bytes.count - place, 64))
        switch random.next(below: 10) {
        case 0: bytes[place] ^= 1 << UInt8(random.next(below: 8))
        case 1: bytes[place] = UInt8(truncatingIfNeeded: random.nextBits())
        case 2: bytes.removeSubrange(place...)
        case 3: bytes.removeSubrange(part)
        case 4: bytes.insert(contentsOf: bytes[part], at: place)
        case 5: bytes.replaceSubrange(part, with: repeatElement(0, count: part.count))
        case 6: bytes.insert(contentsOf: part.map { _ in UInt8(truncatingIfNeeded: random.nextBits()) }, at: place)
        case 7:
            let other = corpus[random.next(below: corpus.count)]
            bytes.replaceSubrange(place..., with: other.suffix(random.next(below: other.count + 1)))
        case 8: replaceInteger(&bytes, at: place)
        default: replaceDigits(&bytes, near: place)
        }
    }

    /// Writes an extreme number over the bytes at `place`, in either order.
    private mutating func replaceInteger(_ bytes: inout [UInt8], at place: Int) {
        let extremes: [UInt64] = [0, 1, 0x7F, 0x80, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, .max >> 1, .max]
        let value = extremes[random.next(below: extremes.count)]
        let count = min(1 << random.next(below: 4), bytes.count - place)
        let isBigEndian = random.next(below: 2) == 0
        for index in 0..<count {
            let digit = isBigEndian ? count - 1 - index : index
            bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * digit))
        }
    }

    /// Writes an extreme number in place of the first digits from `place` on.
    private mutating func replaceDigits(_ bytes: inout [UInt8], near place: Int) {
        let isDigit: (UInt8) -> Bool = { (48...57).contains($0) }
        guard let start = bytes[place...].firstIndex(where: isDigit) else { return }
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.endIndex
        let extremes = [
            "0", "-1", "2147483648", "9223372036854775807", "99999999999999999999", "1e308", "1e-308", "0.5",
        ]
        bytes.replaceSubrange(start..<end, with: extremes[random.next(below: extremes.count)].utf8)
    }

    // MARK: The same over and over

    /// Short texts repeated up to `size` bytes: what is nested, quoted or counted without end. Time that grows with the
    /// square of a size shows with these.
    package static func repetitions(size: Int) -> [[UInt8]] {
        let texts = [
            "[", "{", "(", "[[],", "{\"a\":", "{a: ", "? ", "- ", "- - ", "a: ", "a\n", "- a\n", "\"", "'", "\\", ",",
            ";", "\t", " ", "\n", "\r\n", "0", "1\n", "1,", "e", "-", "&a ", "*a ", "# ", "|\n", "é", "\u{301}", "\0",
            "{\"tasks\":[{\"share\":1,\"task\":\"r.s0.r0.t0\"},",
        ]
        let repeated = texts.map { text in
            Array(repeatElement(Array(text.utf8), count: size / text.utf8.count).joined())
        }
        // Keys that are all different, and layers of a plan.
        let keys = (0..<size / 12).map { "k\($0): 1\n" }.joined()
        let layers = "layers:\n" + String(repeating: "- a: 1\n", count: size / 8)
        return repeated + [Array(keys.utf8), Array(layers.utf8), [UInt8](repeating: 0xFF, count: size)]
    }
}
