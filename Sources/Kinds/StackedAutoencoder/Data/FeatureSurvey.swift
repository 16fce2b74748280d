import DataFormats
import RunProtocol

/// Features of the unlabeled samples that stand out: constant ones, and those with the smallest and the largest standard
/// deviation.
package struct FeatureSurvey: Codable, Hashable, Sendable {
    /// How many features are the same in every sample, and the first of them, by their indices from 0.
    package var constantCount: Int
    package var constant: [Int]
    /// Of those that are not constant.
    package var narrowest: Spread?
    package var widest: Spread?

    /// The standard deviation of a feature over all samples, divided as the samples are.
    package struct Spread: Codable, Hashable, Sendable {
        package var feature: Int
        package var deviation: Double
    }

    /// How many constant features are named.
    private static let examples = 3

    /// - Parameter deviations: of each feature.
    package init(deviations: [Double]) {
        let constant = deviations.indices.filter { deviations[$0] == 0 }
        constantCount = constant.count
        self.constant = Array(constant.prefix(Self.examples))
        let varying = deviations.indices.filter { deviations[$0] > 0 }
        narrowest = varying.min { deviations[$0] < deviations[$1] }
            .map { Spread(feature: $0, deviation: deviations[$0]) }
        widest = varying.max { deviations[$0] < deviations[$1] }
            .map { Spread(feature: $0, deviation: deviations[$0]) }
    }

    /// Reads all samples once, in their order.
    /// - Returns: nil for images, whose border is often the same in each.
    init?(of rows: SampleRows, dividedBy divisor: Double) throws {
        guard rows.sampleShape.count < 2, rows.count > 1 else { return nil }
        let size = rows.size
        // Deviations from the first sample: their squares lose nothing where all values lie far from zero.
        var (first, sums, squares) = (
            [Double](), [Double](repeating: 0, count: size), [Double](repeating: 0, count: size)
        )
        let step = 1 << 16
        for start in stride(from: 0, to: rows.count, by: step) {
            let places = (Int32(start)..<Int32(min(start + step, rows.count))).map { $0 }
            try rows.forEachPart(of: places[...]) { bytes in
                switch rows.type {
                case .uint8: add(bytes, size, &first, &sums, &squares)
                case .float32: add(bytes.bindMemory(to: Float.self), size, &first, &sums, &squares)
                }
            }
        }
        let count = Double(rows.count)
        self.init(
            deviations: sums.indices.map { feature in
                let mean = sums[feature] / count
                return max(0, squares[feature] / count - mean * mean).squareRoot() / divisor
            })
    }

    /// The largest standard deviation as a multiple of the smallest; nil where fewer than two features vary.
    package var ratio: Double? {
        guard let narrowest, let widest, narrowest.feature != widest.feature else { return nil }
        return widest.deviation / narrowest.deviation
    }
}

/// Adds each row's differences from the first row, and their squares, feature by feature.
private func add<Values: RandomAccessCollection<Value>, Value: FeatureValue>(
    _ values: Values, _ size: Int, _ first: inout [Double], _ sums: inout [Double], _ squares: inout [Double]
) where Values.Index == Int {
    if first.isEmpty { first = values.prefix(size).map(\.asDouble) }
    for row in stride(from: values.startIndex, to: values.endIndex, by: size) {
        for feature in 0..<size {
            let difference = values[row + feature].asDouble - first[feature]
            sums[feature] += difference
            squares[feature] += difference * difference
        }
    }
}

private protocol FeatureValue { var asDouble: Double { get } }

extension UInt8: FeatureValue { fileprivate var asDouble: Double { Double(self) } }

extension Float: FeatureValue { fileprivate var asDouble: Double { Double(self) } }
