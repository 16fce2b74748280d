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

        var type: NPY.ElementType {
            switch self {
            case .uint8: .uint8
            case .float32: .float32
            }
        }

        func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
            switch self {
            case .uint8(let values): try values.withUnsafeBytes(body)
            case .float32(let values): try values.withUnsafeBytes(body)
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
    /// Each number's name, where the file has names for its columns.
    package var columns: [String]?
    /// How the file stores the numbers, such as `int64`, or `text`.
    package var elementType = "float32"
    /// Whether they are decoded images.
    package var isImages = false
    /// What was guessed while they were read, a sentence each.
    package var remarks: [String] = []

    /// By the samples alone, however they were stored and named.
    package static func == (left: SampleTable, right: SampleTable) -> Bool {
        left.count == right.count && left.sampleShape == right.sampleShape && left.numbers == right.numbers
    }

    /// How many numbers a sample has.
    package var size: Int { sampleShape.reduce(1, *) }

    package init(count: Int, sampleShape: [Int], numbers: Numbers) {
        (self.count, self.sampleShape, self.numbers) = (count, sampleShape, numbers)
        precondition(numbers.count == count * size, "\(numbers.count) numbers are not \(count) samples of \(size)")
    }
}
