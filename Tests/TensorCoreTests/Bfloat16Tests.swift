import CElementwise
import RandomNumbers
import TensorCore
import Testing

@Suite struct Bfloat16Tests {
    /// The nearest bfloat16 by comparing with both neighbours; of two as near, the even one.
    private func nearest(_ value: Float) -> UInt16 {
        let below = UInt16(value.bitPattern >> 16)
        func distance(_ bits: UInt16) -> Double {
            // The neighbour above the largest number is 2^128, which float32 calls infinity.
            let number = Float(bitPattern: UInt32(bits) << 16)
            let place = number.isInfinite ? (number.sign == .minus ? -0x1p128 : 0x1p128) : Double(number)
            return (Double(value) - place).magnitude
        }
        let (down, up) = (distance(below), distance(below + 1))
        if down == up { return below & 1 == 0 ? below : below + 1 }
        return down < up ? below : below + 1
    }

    @Test(arguments: [1, 7, 15, 16, 17, 33, 1_000]) func numbersAreRoundedToTheNearest(count: Int) {
        var random = Philox(key: 5, stream: UInt64(count))
        let values = (0..<count).map { _ -> Float in
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.nextBits()))
            return value.isFinite ? value : 1
        }
        var bits = [UInt16](repeating: 1, count: count)
        ce_to_bf16(values, count, &bits)
        #expect(bits == values.map(nearest))
        var back = [Float](repeating: 1, count: count)
        ce_from_bf16(bits, count, &back)
        #expect(back.map(\.bitPattern) == bits.map { UInt32($0) << 16 })
    }

    @Test func bordersAreKept() {
        let values: [Float] = [
            0, -0.0, 1, -1.5, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
            Float(bitPattern: 0x3f80_8000), Float(bitPattern: 0x3f81_8000),
        ]
        let expected: [UInt16] = [0, 0x8000, 0x3f80, 0xbfc0, 0x7f80, 0xff80, 0x7f80, 0, 0x3f80, 0x3f82]
        var bits = [UInt16](repeating: 1, count: values.count)
        ce_to_bf16(values, values.count, &bits)
        #expect(bits == expected)
        for number in [UInt32(0x7f80_0001), 0xffff_ffff, 0x7fc0_0000] {
            #expect(Bfloat16Buffer([Float(bitPattern: number)]).values[0].isNaN)
        }
    }

    /// Sums of `height` products in float32 differ by their order only; in float64 they are the reference.
    @Test(arguments: 0..<24, [false, true])
    func productsOfEveryShapeAndTransposition(seed: Int, adding: Bool) {
        var random = Philox(key: 9, stream: UInt64(seed))
        func size() -> Int { 1 + Int(random.nextUnit() * (seed < 12 ? 20 : 150)) }
        let (m, n, k) = (size(), size(), size())
        let a = Bfloat16Buffer((0..<m * k).map { _ in random.nextUnit() - 0.5 })
        let b = Bfloat16Buffer((0..<k * n).map { _ in random.nextUnit() - 0.5 })
        let (left, right) = (a.values, b.values)
        let reference = (0..<m * n).map { place in
            (0..<k).reduce(adding ? 2 : 0.0) {
                $0 + Double(left[place / n * k + $1]) * Double(right[$1 * n + place % n])
            }
        }
        let aTurned = Bfloat16Buffer((0..<m * k).map { left[$0 % m * k + $0 / m] })
        let bTurned = Bfloat16Buffer((0..<k * n).map { right[$0 % k * n + $0 / k] })
        let lefts = [
            Bfloat16View(a.pointer, rows: m, columns: k), Bfloat16View(aTurned.pointer, rows: k, columns: m).transposed,
        ]
        let rights = [
            Bfloat16View(b.pointer, rows: k, columns: n), Bfloat16View(bTurned.pointer, rows: n, columns: k).transposed,
        ]
        let product = Bfloat16Product()
        for left in lefts {
            for right in rights {
                // Twice: as prepared, and from memory.
                for _ in 0..<2 {
                    let out = FloatBuffer([Float](repeating: 2, count: m * n))
                    product.multiply(
                        left, right, into: MatrixView(out.pointer, rows: m, columns: n), adding: adding)
                    for (ours, theirs) in zip(out.values, reference) { #expect(abs(Double(ours) - theirs) < 1e-4) }
                }
            }
        }
        withExtendedLifetime((a, b, aTurned, bTurned)) {}
    }

    @Test func aProductMeetsMoreShapesThanItKeeps() {
        let product = Bfloat16Product()
        let numbers = Bfloat16Buffer([Float](repeating: 1, count: 300))
        for width in 1...300 {
            let out = FloatBuffer(count: 1)
            product.multiply(
                Bfloat16View(numbers.pointer, rows: 1, columns: width),
                Bfloat16View(numbers.pointer, rows: width, columns: 1),
                into: MatrixView(out.pointer, rows: 1, columns: 1))
            #expect(out.values == [Float(width)])
        }
    }
}
