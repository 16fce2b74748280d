package import RunProtocol

/// What it would cost to predict each feature's mean over the samples for all of them: a reconstruction that is no better
/// has learnt nothing of a sample.
///
/// All sums are doubles in the order of the samples, so that every processor comes to the same bits.
package struct MeanPrediction {
    private var count = 0
    /// The first sample. Sums are of differences from it: little is lost where values lie far from zero.
    private var first: [Double] = []
    private var sums: [Double]
    private var squares: [Double]

    /// - Parameter features: how many each sample has.
    package init(features: Int) {
        sums = [Double](repeating: 0, count: features)
        squares = sums
    }

    /// - Parameter samples: (count, features), row-major.
    package mutating func add(_ samples: UnsafePointer<Float>, count new: Int) {
        let features = sums.count
        if first.isEmpty, new > 0 { first = (0..<features).map { Double(samples[$0]) } }
        sums.withUnsafeMutableBufferPointer { sums in
            squares.withUnsafeMutableBufferPointer { squares in
                first.withUnsafeBufferPointer { first in
                    for row in 0..<new {
                        let sample = samples + row * features
                        for feature in 0..<features {
                            let difference = Double(sample[feature]) - first[feature]
                            sums[feature] += difference
                            squares[feature] += difference * difference
                        }
                    }
                }
            }
        }
        count += new
    }

    /// The mean over the samples of the loss, summed over features; nil for fewer than two samples, or where binary
    /// cross-entropy is not defined.
    package func error(by loss: ReconstructionLoss) -> Double? {
        guard count > 1 else { return nil }
        let share = 1 / Double(count)
        var error = 0.0
        for feature in sums.indices {
            let difference = sums[feature] * share
            switch loss {
            case .meanSquaredError: error += max(0, squares[feature] * share - difference * difference)
            case .binaryCrossEntropy:
                let mean = first[feature] + difference
                guard mean > -1e-6, mean < 1 + 1e-6 else { return nil }
                if mean > 0, mean < 1 {
                    error -= mean * Self.logarithm(mean) + (1 - mean) * Self.logarithm(1 - mean)
                }
            }
        }
        return error
    }

    /// The natural logarithm of a normal number above 0, to some 1e-16: the system's differs between hosts.
    package static func logarithm(_ value: Double) -> Double {
        var (mantissa, exponent) = (value.significand, Double(value.exponent))
        if mantissa > 2.0.squareRoot() { (mantissa, exponent) = (mantissa / 2, exponent + 1) }
        // ln m = 2 artanh s with |s| < 0.172.
        let s = (mantissa - 1) / (mantissa + 1)
        let square = s * s
        let series = stride(from: 23.0, through: 1, by: -2).reduce(0.0) { $0 * square + 1 / $1 }
        return 2 * s * series + exponent * 0.693_147_180_559_945_3
    }
}
