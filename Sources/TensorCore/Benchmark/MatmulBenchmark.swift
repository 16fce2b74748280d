import CElementwise

/// How fast matrix products are, beside the processor's peak.
package struct MatmulBenchmark: Codable, Sendable {
    /// What the factors are made of; sums are float32 in both.
    package enum Precision: String, Codable, Sendable, CaseIterable { case float32, bfloat16 }

    /// out (m, n) = a (m, k) b (k, n)
    package var m: Int
    package var n: Int
    package var k: Int
    package var precision: Precision
    /// Threads, each with a product of its own.
    package var slots: Int
    /// Whether there are kernels for this precision; else the factors are widened to float32 first.
    package var isNative: Bool
    /// Multiply-adds count as two.
    package var gigaflopsPerSecond: Double
    /// On registers alone in this precision, all slots together; nil where it is not measured.
    package var peakGigaflopsPerSecond: Double?
    /// 0 ... 1
    package var shareOfPeak: Double?

    /// Multiplies for about `seconds` on each of `slots` threads.
    package static func run(
        m: Int, n: Int, k: Int, precision: Precision, slots: Int, seconds: Double, pinned: Bool
    ) -> MatmulBenchmark {
        let measured = ComputeThread.results(count: slots, pinned: pinned) { _ in
            switch precision {
            case .float32: Measured(peak: Engine.measurePeak(), isNative: true, rate: float32(m, n, k, seconds))
            case .bfloat16: bfloat16(m, n, k, seconds)
            }
        }
        let rate = measured.reduce(0) { $0 + $1.rate } * Double(2 * m * n * k)
        let peak = measured.reduce(0) { $0 + ($1.peak ?? 0) }
        return MatmulBenchmark(
            m: m, n: n, k: k, precision: precision, slots: slots, isNative: measured.allSatisfy(\.isNative),
            gigaflopsPerSecond: rate / 1e9, peakGigaflopsPerSecond: peak > 0 ? peak / 1e9 : nil,
            shareOfPeak: peak > 0 ? rate / peak : nil)
    }

    /// What one thread found: FLOP/s, and products a second.
    private struct Measured: Sendable {
        let peak: Double?
        let isNative: Bool
        let rate: Double
    }

    private static func float32(_ m: Int, _ n: Int, _ k: Int, _ seconds: Double) -> Double {
        let (a, b, out) = (FloatBuffer(numbers(m * k)), FloatBuffer(numbers(k * n)), FloatBuffer(count: m * n))
        let rate = timesPerSecond(seconds) {
            MatrixProduct.multiply(
                MatrixView(a.pointer, rows: m, columns: k), MatrixView(b.pointer, rows: k, columns: n),
                into: MatrixView(out.pointer, rows: m, columns: n))
        }
        withExtendedLifetime((a, b, out)) {}
        return rate
    }

    private static func bfloat16(_ m: Int, _ n: Int, _ k: Int, _ seconds: Double) -> Measured {
        let (a, b) = (Bfloat16Buffer(numbers(m * k)), Bfloat16Buffer(numbers(k * n)))
        let out = FloatBuffer(count: m * n)
        let product = Bfloat16Product()
        let left = Bfloat16View(a.pointer, rows: m, columns: k)
        let right = Bfloat16View(b.pointer, rows: k, columns: n)
        let rate = timesPerSecond(seconds) {
            product.multiply(left, right, into: MatrixView(out.pointer, rows: m, columns: n))
        }
        let measured = Measured(
            peak: Engine.measureBfloat16Peak(), isNative: product.isNative(left, right), rate: rate)
        withExtendedLifetime((a, b, out)) {}
        return measured
    }

    /// After a first time, which fills the caches.
    private static func timesPerSecond(_ seconds: Double, _ work: () -> Void) -> Double {
        work()
        var times = 0.0
        let taken = ContinuousClock().repeating(for: seconds) {
            work()
            times += 1
        }
        return times / taken
    }

    /// Small numbers of both signs.
    private static func numbers(_ count: Int) -> [Float] { (0..<count).map { Float($0 % 13) / 8 - 0.75 } }
}
