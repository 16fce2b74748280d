/// For which processors the matrix products are made: the order of their sums, and so a run's bits, follow it.
package enum InstructionSet: String, Codable, Sendable, CaseIterable {
    case sse41, avx, avx2, avx512, neon
}
