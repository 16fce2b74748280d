import ArgumentParser
import TensorCore

struct BenchMatmulCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "matmul", abstract: "Multiply matrices and say which share of the peak that reaches.",
        discussion: """
            A (m, k) times B (k, n), again and again, each slot with matrices of its own. The defaults are a layer of the \
            template's network on a batch. The share compares with operations of the same precision on registers alone, \
            measured just before.
            """)

    @Option(help: "Rows of A: samples a batch has.") var m = 128
    @Option(help: "Columns of B: units a layer has.") var n = 1_000
    @Option(help: "Columns of A and rows of B: numbers a sample has.") var k = 784
    @Option(help: "What the factors are made of: float32 or bfloat16. Sums are float32.")
    var precision = MatmulBenchmark.Precision.float32
    @Option(help: "Threads, each with a product of its own.") var slots = 1
    @OptionGroup var options: BenchOptions

    func validate() throws {
        let sizes = [m, n, k]
        guard sizes.allSatisfy({ (1...100_000).contains($0) }), max(m * n, n * k, m * k) <= 100_000_000 else {
            throw ValidationError(
                "--m, --n and --k go from 1 to 100000, and no matrix has more than 100 million numbers.")
        }
        try Cores.check(slots: slots)
    }

    func run() throws {
        let result = WorkProgress.during("measuring", seconds: options.seconds, isQuiet: options.quiet) {
            MatmulBenchmark.run(
                m: m, n: n, k: k, precision: precision, slots: slots, seconds: options.seconds, pinned: options.pinCores
            )
        }
        guard !options.json else { return try JSONOutput.print(result) }
        say("(\(m), \(k)) x (\(k), \(n)) in \(precision.rawValue), \(slots) slot(s)")
        if !result.isNative { say("no \(precision.rawValue) kernels for this processor: widened to float32 first") }
        say("GFLOP/s        \(result.gigaflopsPerSecond.formatted(decimals: 0))")
        say("peak GFLOP/s   \(result.peakGigaflopsPerSecond.map { $0.formatted(decimals: 0) } ?? "-")")
        say("share of peak  \(result.shareOfPeak.map { "\(Int(($0 * 100).rounded())) %" } ?? "-")")
    }
}

extension MatmulBenchmark.Precision: ExpressibleByArgument {}
