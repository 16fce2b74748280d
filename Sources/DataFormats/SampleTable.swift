/// Samples as they are in a file: `count` samples of the same shape, row-major.
package struct SampleTable: Sendable, Equatable {
    package enum Numbers: Sendable, Equatable {
        case uint8([UInt8])
        case float32([Float])

        package var count: Int {
            switch self {
            case .uint8(let values): values.count
            case .float32(let values): values.count
            }
        }
    }

    /// The most numbers that a table may have.
    package static let largestCount = 1 << 34

    package let count: Int
    /// One sample's, such as [28, 28].
    package let sampleShape: [Int]
    /// `count * size` numbers.
    package let numbers: Numbers

    /// How many numbers a sample has.
    package var size: Int { sampleShape.reduce(1, *) }

    package init(count: Int, sampleShape: [Int], numbers: Numbers) {
        self.count = count
        self.sampleShape = sampleShape
        self.numbers = numbers
        precondition(numbers.count == count * size, "\(numbers.count) numbers are not \(count) samples of \(size)")
    }

    /// The samples at `indices`, in that order.
    package func subset(_ indices: [Int]) -> SampleTable {
        let size = size
        let picked: Numbers =
            switch numbers {
            case .uint8(let values): .uint8(indices.flatMap { values[$0 * size..<($0 + 1) * size] })
            case .float32(let values): .float32(indices.flatMap { values[$0 * size..<($0 + 1) * size] })
            }
        return SampleTable(count: indices.count, sampleShape: sampleShape, numbers: picked)
    }
}
