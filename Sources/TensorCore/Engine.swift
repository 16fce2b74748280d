import CElementwise
import COneDNN
import Glibc

/// Facts about the numeric engine and the processor below it.
package enum Engine {
    /// Makes matrix products that are called from this thread run on this thread alone.
    ///
    /// oneDNN's OpenMP would otherwise take all cores for every product; and another number of threads adds in another
    /// order. OpenMP is oneDNN's dependency, not ours: it is looked up where oneDNN has loaded it.
    package static func useOneThread() {
        guard let symbol = dlsym(nil, "omp_set_num_threads") else { return }
        unsafeBitCast(symbol, to: (@convention(c) (CInt) -> Void).self)(1)
    }

    /// Such as `2.6.3`.
    package static var oneDNNVersion: String {
        guard let version = dnnl_version()?.pointee else { return "unknown" }
        return "\(version.major).\(version.minor).\(version.patch)"
    }

    /// `avx512`, `avx2`, `sse2` or `neon`: what this processor's kernels use.
    package static var instructionSet: String { String(cString: ce_instruction_set()) }

    /// What one core reaches in fused multiply-adds on registers alone, in FLOP/s: the best of several short bursts.
    package static func measurePeak(bursts: Int = 10) -> Double {
        var sink: Float = 0.5
        return (0..<bursts).reduce(0) { best, _ in
            let clock = ContinuousClock()
            var operations = 0.0
            let duration = clock.measure { operations = ce_fma_burst(200_000_000, &sink) }
            return max(best, operations / (duration / .seconds(1)))
        }
    }
}
