/// The counter-based generator Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
///
/// A number is a pure function of a 64-bit key and a 128-bit counter: nothing is carried from one number to the next, so
/// a task's random numbers depend on the task alone and any of them can be computed without those before it.
///
/// ```swift
/// var random = Philox(key: task.seed, stream: 1)
/// let fraction = random.nextUnit()      // 0 <= fraction < 1
/// ```
package struct Philox: Sendable {
    private let key: SIMD2<UInt32>
    private var counter: UInt64 = 0
    private let stream: UInt64
    private var block = SIMD4<UInt32>()
    private var used = 4

    /// - Parameters:
    ///   - key: what the numbers belong to (a task's seed).
    ///   - stream: which of the key's independent sequences (initial weights, order of samples, corruption, ...).
    package init(key: UInt64, stream: UInt64) {
        self.key = SIMD2(UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
        self.stream = stream
    }

    /// The four 32-bit words at `counter` of stream `stream`. Words 0 and 1 of the counter hold `counter`, 2 and 3 `stream`.
    package static func block(key: UInt64, stream: UInt64, counter: UInt64) -> SIMD4<UInt32> {
        Philox(key: key, stream: stream).block(at: counter)
    }

    private func block(at counter: UInt64) -> SIMD4<UInt32> {
        var c = SIMD4(
            UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32),
            UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32))
        var k = key
        for _ in 0..<10 {
            let left = UInt64(c[0]) * 0xD251_1F53
            let right = UInt64(c[2]) * 0xCD9E_8D57
            c = SIMD4(
                UInt32(truncatingIfNeeded: right >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: right),
                UInt32(truncatingIfNeeded: left >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: left))
            k = k &+ SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return c
    }

    /// The next 32 random bits of the sequence.
    package mutating func nextBits() -> UInt32 {
        if used == 4 {
            block = block(at: counter)
            counter += 1
            used = 0
        }
        defer { used += 1 }
        return block[used]
    }

    /// The next number, uniform in 0 ..< 1, with 24 random bits: every value is exact in `Float`.
    package mutating func nextUnit() -> Float { Float(nextBits() >> 8) * 0x1p-24 }

    /// The next whole number, uniform in 0 ..< `bound` (Lemire's multiplication without rejection: bias below 2^-32 x bound).
    package mutating func next(below bound: Int) -> Int {
        precondition(bound > 0 && bound <= Int(UInt32.max), "a bound is in 1 ... 2^32 - 1")
        return Int((UInt64(nextBits()) * UInt64(bound)) >> 32)
    }

    /// The numbers 0 ..< `count` in random order (Fisher-Yates).
    package mutating func permutation(of count: Int) -> [Int32] {
        var order = (0..<Int32(count)).map { $0 }
        guard count > 1 else { return order }
        for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, next(below: last + 1)) }
        return order
    }
}
