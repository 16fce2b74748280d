import CElementwise

/// bfloat16 numbers in memory of their own: each the upper half of a float32, as its bits. Otherwise a `FloatBuffer`.
package final class Bfloat16Buffer {
    package let count: Int
    package let pointer: UnsafeMutablePointer<UInt16>

    package init(count: Int) {
        self.count = count
        pointer = allocateZeros(count: count)
    }

    /// The nearest to `values`, ties to even.
    package convenience init(_ values: [Float]) {
        self.init(count: values.count)
        ce_to_bf16(values, values.count, pointer)
    }

    deinit { pointer.deallocate() }

    /// The numbers as float32, which has them all.
    package var values: [Float] {
        [Float](unsafeUninitializedCapacity: count) { values, written in
            if let base = values.baseAddress { ce_from_bf16(pointer, count, base) }
            written = count
        }
    }
}
