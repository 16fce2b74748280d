import RandomNumbers
import TensorCore
import Testing

@Suite struct MatrixProductTests {
    @Test(arguments: [(1, 1, 1), (3, 5, 7), (16, 33, 20), (65, 17, 40)], [false, true])
    func everyTransposition(shape: (Int, Int, Int), adding: Bool) {
        let (m, n, k) = shape
        var random = Philox(key: 3, stream: UInt64(m))
        let a = FloatBuffer((0..<m * k).map { _ in random.nextUnit() - 0.5 })
        let b = FloatBuffer((0..<k * n).map { _ in random.nextUnit() - 0.5 })
        let reference = (0..<m * n).map { place in
            (0..<k).reduce(adding ? 2 : 0.0) {
                $0 + Double(a.pointer[place / n * k + $1]) * Double(b.pointer[$1 * n + place % n])
            }
        }
        let aTurned = FloatBuffer((0..<m * k).map { a.pointer[$0 % m * k + $0 / m] })
        let bTurned = FloatBuffer((0..<k * n).map { b.pointer[$0 % k * n + $0 / k] })
        let lefts = [
            MatrixView(a.pointer, rows: m, columns: k), MatrixView(aTurned.pointer, rows: k, columns: m).transposed,
        ]
        let rights = [
            MatrixView(b.pointer, rows: k, columns: n), MatrixView(bTurned.pointer, rows: n, columns: k).transposed,
        ]
        for left in lefts {
            for right in rights {
                let out = FloatBuffer([Float](repeating: 2, count: m * n))
                MatrixProduct.multiply(
                    left, right, into: MatrixView(out.pointer, rows: m, columns: n), adding: adding)
                for (ours, theirs) in zip(out.values, reference) { #expect(abs(Double(ours) - theirs) < 1e-4) }
            }
        }
    }

    @Test func theMachineIsKnown() {
        #expect(Engine.oneDNNVersion.split(separator: ".").count == 3)
        #expect(["avx512", "avx2", "avx", "sse41", "neon", "generic"].contains(Engine.instructionSet))
        #expect(Engine.measurePeak(bursts: 1) > 1e8)
    }
}
