import CElementwise
import TensorCore

/// Samples in memory: `count` rows of `size` numbers, each divided by `divisor` when it is used.
package struct Samples: Sendable {
    /// Row-major, `count * size` numbers.
    package enum Numbers: Sendable {
        case uint8([UInt8])
        case float32([Float])

        package var count: Int {
            switch self {
            case .uint8(let values): values.count
            case .float32(let values): values.count
            }
        }
    }

    package let count: Int
    package let size: Int
    package let numbers: Numbers
    package let divisor: Double

    package init(count: Int, size: Int, numbers: Numbers, divisor: Double) {
        precondition(numbers.count == count * size, "\(numbers.count) numbers are not \(count) samples of \(size)")
        self.count = count
        self.size = size
        self.numbers = numbers
        self.divisor = divisor
    }

    /// Writes the samples `order`, scaled, to `out` (order.count, size).
    func gather(_ order: ArraySlice<Int32>, into out: UnsafeMutablePointer<Float>) {
        order.withUnsafeBufferPointer { rows in
            guard let rowsBase = rows.baseAddress else { return }
            switch numbers {
            case .uint8(let values): ce_gather_u8(values, rowsBase, rows.count, size, Float(divisor), out)
            case .float32(let values): ce_gather_f32(values, rowsBase, rows.count, size, Float(divisor), out)
            }
        }
    }
}

/// The task's worker asked for its end.
package struct TaskCancelled: Error {}

/// Numbers a task draws come from streams of its seed: each use has its own.
enum RandomStream {
    /// The order of samples in epoch `epoch`.
    static func order(epoch: Int) -> UInt64 { 1 << 32 | UInt64(epoch) }
    static let corruption: UInt64 = 2 << 32
    /// Dropout of the input of layer `layer`.
    static func dropout(layer: Int) -> UInt64 { 3 << 32 | UInt64(layer) }
    static let inputNoise: UInt64 = 4 << 32
    /// Which labeled examples are set aside.
    static let validation: UInt64 = 5 << 32
    /// The order in which labeled examples are dealt beside guesses, the `pass`-th time.
    static func deal(pass: Int) -> UInt64 { 6 << 32 | UInt64(pass) }
}
