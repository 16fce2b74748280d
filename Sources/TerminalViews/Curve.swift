/// Numbers over time, drawn with blocks of eight heights.
package struct Curve: Hashable, Sendable {
    private static let blocks = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    private let values: [Double]

    /// - Parameter values: the oldest first; what is no number is left out.
    package init(_ values: [Double]) { self.values = values.filter(\.isFinite) }

    /// The smallest value at the bottom, the largest at the top; where there are more values than columns, means of
    /// neighbours.
    /// - Returns: `height` lines of at most `width` columns, a column for each value.
    package func lines(width: Int, height: Int = 1) -> [String] {
        let points = means(atMost: width)
        guard let low = points.min(), let high = points.max(), height > 0 else {
            return Array(repeating: "", count: max(0, height))
        }
        let steps = height * Self.blocks.count
        // Made smaller, since the largest numbers have no difference and no multiples.
        let scale = 0x1p-32
        let span = high * scale - low * scale
        let levels = points.map { span > 0 ? 1 + Int(Double(steps - 1) * ($0 * scale - low * scale) / span) : 1 }
        return (0..<height).reversed().map { row in
            levels.map { level in
                let filled = level - row * Self.blocks.count
                return filled <= 0 ? " " : Self.blocks[min(filled, Self.blocks.count) - 1]
            }.joined()
        }
    }

    private func means(atMost count: Int) -> [Double] {
        guard values.count > count else { return values }
        guard count > 0 else { return [] }
        return (0..<count).map { index in
            let part = values[index * values.count / count..<(index + 1) * values.count / count]
            return part.reduce(0) { $0 + $1 / Double(part.count) }
        }
    }
}
