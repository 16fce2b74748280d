import Glibc

/// Float32 numbers in memory of their own, aligned to a cache line, starting as zeros. Freed with the last reference.
///
/// Large ones ask for pages of 2 MiB: a pass over a layer's weights then looks up few addresses.
package final class FloatBuffer {
    package let count: Int
    package let pointer: UnsafeMutablePointer<Float>

    package init(count: Int) {
        self.count = count
        let bytes = Swift.max(count, 1) * MemoryLayout<Float>.stride
        let page = 2 << 20
        let isLarge = bytes >= page
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: isLarge ? page : 64)
        // Only advice: where it is not taken the memory is as good.
        if isLarge { madvise(memory, bytes, CInt(MADV_HUGEPAGE)) }
        pointer = memory.bindMemory(to: Float.self, capacity: Swift.max(count, 1))
        pointer.initialize(repeating: 0, count: Swift.max(count, 1))
    }

    package convenience init(_ values: [Float]) {
        self.init(count: values.count)
        values.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { pointer.update(from: base, count: values.count) }
        }
    }

    deinit {
        pointer.deallocate()
    }

    /// A copy of the numbers.
    package var values: [Float] {
        Array(UnsafeBufferPointer(start: pointer, count: count))
    }
}
