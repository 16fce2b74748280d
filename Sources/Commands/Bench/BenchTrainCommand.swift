import ArgumentParser
import PlanFile
import RunProtocol
import Training

struct BenchTrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train a network on made-up samples and say how fast that went.",
        discussion: """
            Each slot trains on one thread. The share of the peak compares the matrix products with fused \
            multiply-adds on registers alone, measured just before; everything else that a step does counts as time.
            """)

    @Option(help: "Numbers a sample has.") var inputs = 784
    @Option(help: "Units the code has.") var units = 1_000
    @Flag(
        help:
            "Two convolutions of 28 x 28 images and their transposes, instead of a dense layer of --inputs and --units."
    )
    var convolution = false
    @Option(help: "Samples a batch has.") var batchSize = 128
    @Option(help: "Samples a task goes through.") var samples = 8_192
    @Option(help: "The decoder's constraint: unit_norm, tied or free.") var decoder = "unit_norm"
    @Option(help: "Of the dense layers' products: float32, bfloat16 or auto.") var precision = Precision.float32
    @Option(help: "Threads, each with a network of its own.") var slots = 1
    @Flag(help: "Say where each step's time goes; measuring it takes some time itself.") var profile = false
    @OptionGroup var options: BenchOptions

    func validate() throws {
        guard (1...100_000).contains(inputs), (1...100_000).contains(units), inputs * units <= 100_000_000 else {
            throw ValidationError("--inputs and --units go from 1 to 100000, and no more than 100 million weights.")
        }
        guard (1...65_536).contains(batchSize) else { throw ValidationError("--batch-size goes from 1 to 65536.") }
        guard (1...1_000_000).contains(samples), samples * inputs <= 1 << 30 else {
            throw ValidationError("--samples goes from 1 to 1000000, and no more than 2^30 numbers in all.")
        }
        try Cores.check(slots: slots)
    }

    func run() throws {
        let choice = BenchmarkChoice(
            inputs: inputs, units: units, isConvolution: convolution, decoder: decoder, batchSize: batchSize,
            samples: samples, precision: precision)
        guard let benchmark = try Cairn.kinds.all.lazy.compactMap({ try $0.benchmark(choice) }).first else {
            throw CommandError("none of the models of this program has training to measure")
        }
        let workload = BenchmarkWorkload(name: benchmark.name, task: benchmark.work)
        let result = WorkProgress.during("measuring", seconds: options.seconds, isQuiet: options.quiet) {
            TrainingBenchmark.run(
                workload, slots: slots, seconds: options.seconds, pinned: options.pinCores, profiled: profile)
        }
        guard !options.json else { return try JSONOutput.print(result) }
        say("\(result.workload), batch \(batchSize), \(slots) slot(s)")
        say("samples/s      \(Int(result.samplesPerSecond))")
        say("GFLOP/s        \(Int(result.gigaflopsPerSecond))")
        say("peak GFLOP/s   \(Int(result.peakGigaflopsPerSecond))")
        say("share of peak  \(Int((result.shareOfPeak * 100).rounded())) %")
        if let rows = result.profile { show(rows) }
    }

    private func show(_ rows: [StepProfile.Row]) {
        let total = rows.reduce(0) { $0 + $1.microsecondsPerStep }
        say(lines: "\n" + line("us a step", "share", "part", "layer"))
        for row in rows.sorted(by: { $0.microsecondsPerStep > $1.microsecondsPerStep }) {
            let share = row.microsecondsPerStep / total * 100
            say(
                lines: line(
                    row.microsecondsPerStep.formatted(decimals: 0), share.formatted(decimals: 1) + " %",
                    row.part.rawValue, row.layer))
        }
        say(lines: line(total.formatted(decimals: 0), "", "all", ""))
    }

    private func line(_ time: String, _ share: String, _ part: String, _ layer: String) -> String {
        func pad(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(width - text.count, 0)) }
        return pad(time, 9) + time + pad(share, 9) + share + "  " + part + pad(part, 25) + layer
    }
}

extension Precision: ExpressibleByArgument {}
