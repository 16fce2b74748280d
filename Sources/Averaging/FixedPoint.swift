import RunProtocol

/// Numbers as whole multiples of 2^-s in an Int64, where addition is exact: any order of addends gives the same bits.
///
/// A round's sum is Σ samples · delta. With |delta| <= 2^10 (`Limits.updateMagnitude`) and S samples in all, its
/// magnitude is at most 2^10 S, so s = 62 - 10 - ceil(log2 S) keeps every sum, partial or whole, below 2^62. For the 2^20
/// samples of an ordinary round s is 32: far finer than the 24 bits that a delta has.
package struct FixedPoint: Hashable, Sendable {
    /// s, at most 40: a finer scale would hold no more of a Float.
    package let fractionBits: Int

    /// The most samples that a round can have.
    package static let largestTotal = 1 << 41

    /// - Parameter totalSamples: the samples of all of a round's updates together, 1 ... `largestTotal`.
    package init(totalSamples: Int) {
        precondition((1...Self.largestTotal).contains(totalSamples), "a round has 1 to 2^41 samples")
        let sampleBits = Int.bitWidth - (totalSamples - 1).leadingZeroBitCount
        let magnitudeBits = Int(Limits.updateMagnitude.exponent)
        fractionBits = min(40, 62 - magnitudeBits - sampleBits)
    }

    var scale: Double { Double(sign: .plus, exponent: fractionBits, significand: 1) }

    /// Adds `weight` times the multiple of 2^-s that is nearest to each value, the even one of two that are equally near.
    ///
    /// Added to 1.5 · 2^52, whose last bit counts ones, a number below 2^51 is rounded in just this way, and the sum's bits
    /// are a whole number.
    /// - Parameter values: finite, at most `Limits.updateMagnitude` in magnitude, so that no sum is too large.
    func add(
        _ values: UnsafeBufferPointer<Float>, times weight: Int64, to totals: UnsafeMutableBufferPointer<Int64>
    ) {
        let (scale, shift) = (scale, 0x1.8p52)
        let zero = Int64(bitPattern: shift.bitPattern)
        for index in values.indices {
            let multiple = Int64(bitPattern: (Double(values[index]) * scale + shift).bitPattern) &- zero
            totals[index] &+= multiple &* weight
        }
    }
}
