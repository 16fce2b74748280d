import CElementwise

/// What the processor and its memory reach at best: what anything else here can be measured against.
package struct PeakBenchmark: Codable, Sendable {
    /// What some threads reach at once, all together.
    package struct Row: Codable, Sendable {
        package var threads: Int
        /// Fused multiply-adds on registers alone.
        package var float32GigaflopsPerSecond: Double
        /// Dot products of bfloat16 pairs on registers alone; nil where the processor has none.
        package var bfloat16GigaflopsPerSecond: Double?
        /// Two arrays read and one written, far larger than the caches: what was read and written, 10^9 bytes a second.
        package var memoryGigabytesPerSecond: Double
    }

    package var instructionSet: String
    package var hasBfloat16: Bool
    package var rows: [Row]

    /// With one thread, and with `threads` at once.
    package static func run(threads: Int, seconds: Double, pinned: Bool) -> PeakBenchmark {
        let counts = threads == 1 ? [1] : [1, threads]
        return PeakBenchmark(
            instructionSet: Engine.instructionSet, hasBfloat16: Engine.hasBfloat16,
            rows: counts.map { row(threads: $0, seconds: seconds, pinned: pinned) })
    }

    private static func row(threads: Int, seconds: Double, pinned: Bool) -> Row {
        func sum(_ measure: @escaping @Sendable () -> Double) -> Double {
            ComputeThread.results(count: threads, pinned: pinned) { _ in measure() }.reduce(0, +) / 1e9
        }
        let bursts = max(3, Int(seconds * 50))
        let bfloat16 = sum { Engine.measureBfloat16Peak(bursts: bursts) ?? 0 }
        return Row(
            threads: threads, float32GigaflopsPerSecond: sum { Engine.measurePeak(bursts: bursts) },
            bfloat16GigaflopsPerSecond: bfloat16 > 0 ? bfloat16 : nil,
            memoryGigabytesPerSecond: sum { triad(threads: threads, seconds: seconds) })
    }

    /// Bytes a second of one thread of `threads`, which share three arrays of 256 MiB: more than caches hold.
    private static func triad(threads: Int, seconds: Double) -> Double {
        let count = max(64 << 20 / threads, 4 << 20)
        let (a, b, c) = (FloatBuffer(count: count), FloatBuffer(count: count), FloatBuffer(count: count))
        var passes = 0
        let taken = ContinuousClock().repeating(for: seconds) {
            ce_triad(a.pointer, b.pointer, c.pointer, 3, count)
            passes += 1
        }
        withExtendedLifetime((a, b, c)) {}
        return Double(passes * count * 3 * MemoryLayout<Float>.stride) / taken
    }
}

extension ContinuousClock {
    /// Does `work` again and again until `seconds` have passed.
    /// - Returns: how many seconds it took.
    package func repeating(for seconds: Double, _ work: () -> Void) -> Double {
        let start = now
        repeat { work() } while start.duration(to: now) < .seconds(seconds)
        return start.duration(to: now) / .seconds(1)
    }
}
