import DataFormats
import RunProtocol

extension FeatureSurvey {
    /// Reads all samples once, in their order.
    ///
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

private protocol FeatureValue {
    var asDouble: Double { get }
}

extension UInt8: FeatureValue {
    fileprivate var asDouble: Double { Double(self) }
}

extension Float: FeatureValue {
    fileprivate var asDouble: Double { Double(self) }
}
