import CElementwise
import Glibc
import TensorCore

/// Samples that lie in memory or in a mapped file: `count` rows of `size` numbers, each divided by `divisor` when it is
/// used.
package struct Samples: Sendable {
    package enum ElementType: Sendable {
        case uint8, float32, bfloat16

        package var bytes: Int {
            switch self {
            case .uint8: 1
            case .bfloat16: 2
            case .float32: 4
            }
        }
    }

    /// Row-major, `count * size` numbers.
    package enum Numbers: Sendable {
        case uint8([UInt8])
        case float32([Float])
        /// The upper halves of float32 numbers, rounded to the nearest.
        case bfloat16([UInt16])
        case foreign(ForeignNumbers)

        package var count: Int {
            switch self {
            case .uint8(let values): values.count
            case .float32(let values): values.count
            case .bfloat16(let values): values.count
            case .foreign(let numbers): numbers.count
            }
        }
    }

    package let count: Int
    package let size: Int
    package let numbers: Numbers
    package let divisor: Double

    package init(count: Int, size: Int, numbers: Numbers, divisor: Double) {
        precondition(numbers.count == count * size, "\(numbers.count) numbers are not \(count) samples of \(size)")
        (self.count, self.size, self.numbers, self.divisor) = (count, size, numbers, divisor)
    }

    /// Writes the samples `order`, scaled, to `out` (order.count, size).
    func gather(_ order: ArraySlice<Int32>, into out: UnsafeMutablePointer<Float>) {
        prefetch(order)
        numbers.withUnsafeBytes { type, bytes in
            order.withUnsafeBufferPointer { rows in
                guard let source = bytes.baseAddress, let rowsBase = rows.baseAddress else { return }
                let (count, divisor) = (rows.count, Float(divisor))
                switch type {
                case .uint8:
                    ce_gather_u8(source.assumingMemoryBound(to: UInt8.self), rowsBase, count, size, divisor, out)
                case .float32:
                    ce_gather_f32(source.assumingMemoryBound(to: Float.self), rowsBase, count, size, divisor, out)
                case .bfloat16:
                    ce_gather_bf16(source.assumingMemoryBound(to: UInt16.self), rowsBase, count, size, divisor, out)
                }
            }
        }
    }

    /// One sample as the network sees it.
    package func sample(_ index: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: size) { buffer, filled in
            if let base = buffer.baseAddress { gather([Int32(index)], into: base) }
            filled = size
        }
    }

    /// Where the samples are too many for memory, asks for these to be fetched from the disk, all at once and without
    /// waiting for them: a batch ahead, they come in while the batch before is computed with.
    func prefetch(_ order: ArraySlice<Int32>) {
        guard case .foreign(let foreign) = numbers, foreign.isFetchedByRow, let base = foreign.bytes.baseAddress
        else { return }
        let (rowBytes, page) = (size * foreign.type.bytes, sysconf(CInt(_SC_PAGESIZE)))
        for row in order {
            let start = UInt(bitPattern: base) + UInt(Int(row) * rowBytes)
            let pageStart = start & ~UInt(page - 1)
            madvise(
                UnsafeMutableRawPointer(bitPattern: pageStart), Int(start - pageStart) + rowBytes, CInt(MADV_WILLNEED))
        }
    }
}

/// Numbers in read-only memory of somebody else, such as a mapped file.
package struct ForeignNumbers: @unchecked Sendable {
    package let type: Samples.ElementType
    package let bytes: UnsafeRawBufferPointer
    /// Keeps the memory there.
    private let owner: any AnyObject & Sendable
    /// Whether they are too many to be in memory all at once.
    package let isFetchedByRow: Bool

    /// - Parameter bytes: never change, as long as `owner` lives.
    package init(
        _ type: Samples.ElementType, _ bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable,
        isFetchedByRow: Bool
    ) {
        (self.type, self.bytes, self.owner, self.isFetchedByRow) = (type, bytes, owner, isFetchedByRow)
    }

    package var count: Int { bytes.count / type.bytes }

    fileprivate func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(owner) { try body(bytes) }
    }
}

extension Samples.Numbers {
    /// Calls `body` with the numbers as they lie in memory.
    package func withUnsafeBytes<Result>(
        _ body: (Samples.ElementType, UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        switch self {
        case .uint8(let values): try values.withUnsafeBytes { try body(.uint8, $0) }
        case .float32(let values): try values.withUnsafeBytes { try body(.float32, $0) }
        case .bfloat16(let values): try values.withUnsafeBytes { try body(.bfloat16, $0) }
        case .foreign(let numbers): try numbers.withBytes { try body(numbers.type, $0) }
        }
    }
}

/// The task's worker asked for its end.
package struct TaskCancelled: Error { package init() {} }
