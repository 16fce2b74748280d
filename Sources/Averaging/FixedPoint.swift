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

    /// The multiple of 2^-s nearest to `value`; the even one of two that are equally near.
    ///
    /// - Parameter value: finite, |value| <= `Limits.updateMagnitude`.
    func quantize(_ value: Float) -> Int64 {
        Int64((Double(value) * scale).rounded(.toNearestOrEven))
    }
}
