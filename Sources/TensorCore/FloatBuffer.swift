import Glibc

/// Memory for `count` numbers, all zero, aligned to a cache line.
///
/// Much of it asks for pages of 2 MiB: a pass over a layer's weights then looks up few addresses.
func allocateZeros<Element: Numeric & BitwiseCopyable>(count: Int) -> UnsafeMutablePointer<Element> {
    let bytes = max(count, 1) * MemoryLayout<Element>.stride
    let page = 2 << 20
    let isLarge = bytes >= page
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: isLarge ? page : 64)
    // Only advice: where it is not taken the memory is as good.
    if isLarge { madvise(memory, bytes, CInt(MADV_HUGEPAGE)) }
    let numbers = memory.bindMemory(to: Element.self, capacity: max(count, 1))
    numbers.initialize(repeating: 0, count: max(count, 1))
    return numbers
}

/// Float32 numbers in memory of their own, aligned to a cache line, starting as zeros. Freed with the last reference.
package final class FloatBuffer {
    package let count: Int
    package let pointer: UnsafeMutablePointer<Float>

    package init(count: Int) {
        self.count = count
        pointer = allocateZeros(count: count)
    }

    package convenience init(_ values: [Float]) {
        self.init(count: values.count)
        values.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { pointer.update(from: base, count: values.count) }
        }
    }

    deinit { pointer.deallocate() }

    /// A copy of the numbers.
    package var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}
