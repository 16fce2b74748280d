/// How far the numbers of some samples reach.
package struct NumberRange: Codable, Hashable, Sendable {
    package var lowest: Double
    package var highest: Double
    /// The mean of their absolute values: a single number that lies far out hardly moves it.
    package var meanMagnitude: Double

    package init(lowest: Double, highest: Double, meanMagnitude: Double) {
        (self.lowest, self.highest, self.meanMagnitude) = (lowest, highest, meanMagnitude)
    }

    package var largestMagnitude: Double { max(lowest.magnitude, highest.magnitude) }

    package func divided(by divisor: Double) -> NumberRange {
        NumberRange(lowest: lowest / divisor, highest: highest / divisor, meanMagnitude: meanMagnitude / divisor)
    }

    /// Whether the other numbers are larger or smaller by an order of magnitude, as a whole and not only in a few of them.
    package func isOfOtherScale(than other: NumberRange) -> Bool {
        guard largestMagnitude > 0, other.largestMagnitude > 0 else { return false }
        let largest = largestMagnitude / other.largestMagnitude
        let mean = meanMagnitude / other.meanMagnitude
        return largest >= 10 && mean >= 10 || largest <= 0.1 && mean <= 0.1
    }
}
