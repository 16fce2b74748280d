import ArgumentParser
import DataFormats
import TensorCore

struct BenchPeakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peak", abstract: "Measure what processor and memory reach at best.",
        discussion: """
            Fused multiply-adds in float32 and, where the processor has them, dot products in bfloat16, both on registers \
            alone; and memory: two arrays read and one written, larger than the caches. With one thread, and with as \
            many as --slots says at once. A multiply-add counts as two operations.
            """)

    @Option(help: "Threads at once. [default: one for each core that affinity and CPU quota leave it]") var slots: Int?
    @OptionGroup var options: BenchOptions

    func validate() throws { try Cores.check(slots: slots) }

    func run() throws {
        let result = WorkProgress.during("measuring", isQuiet: options.quiet) {
            PeakBenchmark.run(
                threads: slots ?? Cores.count, seconds: options.seconds / 10, pinned: options.pinCores)
        }
        guard !options.json else { return try JSONOutput.print(result) }
        say("instruction set \(result.instructionSet), bfloat16 \(result.hasBfloat16 ? "yes" : "no")")
        if slots == nil, let limit = Cores.available.limit { say("at most \(Cores.count) threads: \(limit)") }
        let rows = result.rows.map { row in
            [
                "\(row.threads)", row.float32GigaflopsPerSecond.formatted(decimals: 0),
                row.bfloat16GigaflopsPerSecond.map { $0.formatted(decimals: 0) } ?? "-",
                row.memoryGigabytesPerSecond.formatted(decimals: 1),
            ]
        }
        for row in [["threads", "float32 GFLOP/s", "bfloat16 GFLOP/s", "memory GB/s"]] + rows {
            say(lines: row.map { String(repeating: " ", count: max(18 - $0.count, 1)) + $0 }.joined())
        }
    }
}
