import COneDNN
import Foundation
import RunProtocol
import TensorCore
import Testing

/// The bits of a short run beside those that were recorded, so that none changes by accident.
@Suite struct RecordedBitsTests {
    /// By `kind`. Rows for older kernels can be made on a newer processor: `ONEDNN_MAX_CPU_ISA=SSE41 scripts/test
    /// --filter RecordedBitsTests`, or `AVX`. Emulated by QEMU, a Nehalem, a Haswell and a first EPYC gave what the rows
    /// for their kernels said, but other processors may have caches by which oneDNN divides its sums otherwise.
    static let recorded = [
        "oneDNN 2.6.3, kernels 0x1, AuthenticAMD 25 1":
            "cc88effe5c363bdce4d8170e18a431365275b0a54c662afee92a4d1e750f682e",
        "oneDNN 2.6.3, kernels 0x3, AuthenticAMD 25 1":
            "a0bd05bc8f092afc62c70fbf7edc53877521955e8990e51747d8870153270b9d",
        "oneDNN 2.6.3, kernels 0x7, AuthenticAMD 25 1":
            "7897c83d9a3ff3e92f8977b0da7e1dc7a0fdeb586ba2e49f2cc1594c4eaffaef",
        "oneDNN 2.6.3, kernels 0x1, GenuineIntel 6 207":
            "cc88effe5c363bdce4d8170e18a431365275b0a54c662afee92a4d1e750f682e",
        "oneDNN 2.6.3, kernels 0x3, GenuineIntel 6 207":
            "a0bd05bc8f092afc62c70fbf7edc53877521955e8990e51747d8870153270b9d",
        "oneDNN 2.6.3, kernels 0x7, GenuineIntel 6 207":
            "7897c83d9a3ff3e92f8977b0da7e1dc7a0fdeb586ba2e49f2cc1594c4eaffaef",
        "oneDNN 2.6.3, kernels 0x3e7, GenuineIntel 6 207":
            "d4b2ab589db2d5c5f84407e819e1a2a40334cda8fb06d3e0e801ab96182be0d8",
    ]

    /// What decides the bits. Element-wise kernels give the same on every processor; the order of oneDNN's sums follows
    /// from its version, the newest instructions that it may use, and on some processors the sizes of their caches.
    static var kind: String {
        let kernels = String(dnnl_get_effective_cpu_isa().rawValue, radix: 16)
        return "oneDNN \(Engine.oneDNNVersion), kernels 0x\(kernels), \(processor)"
    }

    /// Vendor, family and model, such as `AuthenticAMD 25 1`, or what an Arm processor has instead.
    private static var processor: String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let lines = text.split(separator: "\n").map {
            $0.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let names = ["vendor_id", "cpu family", "model", "CPU implementer", "CPU part"]
        let values = names.compactMap { name in lines.first { $0.count == 2 && $0[0] == name }?[1] }
        return values.isEmpty ? "unknown processor" : values.joined(separator: " ")
    }

    @Test func aShortRunHasTheRecordedBits() throws {
        let digests = try [1, 1, 2].map { try ShortRun.digest(threads: $0) }
        #expect(Set(digests).count == 1, "the bits do not repeat: \(digests)")
        let row = "\"\(Self.kind)\": \"\(digests[0])\","
        guard let expected = Self.recorded[Self.kind] else {
            print("No bits are recorded for this kind of processor. To record them, add to RecordedBitsTests: \(row)")
            return
        }
        #expect(
            digests[0].hex == expected,
            """
            The weights of a short run have other bits than recorded. If no such change was intended, see whether the \
            golden and kernel tests pass, whether the compiler or its options changed, whether libdnnl is another \
            build, and whether the processor shows other caches than usual (lscpu -C: a virtual machine may hide \
            them). If it was, this is the new row: \(row)
            """)
    }
}
