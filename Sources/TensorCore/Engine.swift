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

    /// `avx512`, `avx2`, `avx`, `sse41` or `neon`: what matrix products use. Element-wise kernels give the same bits with any.
    package static var instructionSet: String {
        let set = Int(dnnl_get_effective_cpu_isa().rawValue)
        return knownSets.last { set & $0.bits == $0.bits }?.name ?? processor
    }

    private static let knownSets = [
        (name: "sse41", bits: 0x1), (name: "avx", bits: 0x3), (name: "avx2", bits: 0x7), (name: "avx512", bits: 0x27),
    ]

    /// Keeps this process from better instructions than those of `name`, so that it computes the same bits as a processor
    /// that has no better ones. It must be called before the first product, and before anybody asks for `instructionSet`:
    /// oneDNN decides once.
    /// - Returns: whether products will use exactly these: the processor may not have them.
    package static func use(instructionSet name: String) -> Bool {
        if let known = knownSets.first(where: { $0.name == name }) {
            dnnl_set_max_cpu_isa(dnnl_cpu_isa_t(rawValue: .init(known.bits)))
        }
        return instructionSet == name
    }

    /// The best instructions that element-wise kernels use on this processor: `avx512`, `avx2`, `sse2` or `neon`.
    package static var processor: String { String(cString: ce_instruction_set()) }

    /// Whether the processor has instructions for bfloat16: AVX512_BF16 on x86, FEAT_BF16 on Arm.
    package static var hasBfloat16: Bool { ce_has_bf16() != 0 }

    /// What one core reaches in fused multiply-adds on registers alone, in FLOP/s: the best of several short bursts.
    package static func measurePeak(bursts: Int = 10) -> Double {
        best(of: bursts) { ce_fma_burst(200_000_000, $0) }
    }

    /// The same with dot products of bfloat16 pairs; nil where the processor has none, or none that are measured.
    package static func measureBfloat16Peak(bursts: Int = 10) -> Double? {
        let best = best(of: bursts) { ce_bf16_burst(400_000_000, $0) }
        return best > 0 ? best : nil
    }

    /// - Parameter burst: returns how many operations it did.
    private static func best(of bursts: Int, _ burst: (UnsafeMutablePointer<Float>) -> Double) -> Double {
        var sink: Float = 0.5
        return (0..<bursts).reduce(0) { best, _ in
            var operations = 0.0
            let duration = ContinuousClock().measure { operations = burst(&sink) }
            return max(best, operations / (duration / .seconds(1)))
        }
    }
}
