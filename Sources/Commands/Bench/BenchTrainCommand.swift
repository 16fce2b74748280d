import ArgumentParser
import Training

/// `cairn bench train`
struct BenchTrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train an autoencoder on made-up samples and say how fast that went.",
        discussion: """
            Each slot trains on one thread. The share of the peak compares the matrix products with fused \
            multiply-adds on registers alone, measured just before; everything else that a step does counts as time.
            """)

    @Option(help: "Numbers a sample has.") var inputs = 784
    @Option(help: "Units the code has.") var units = 1_000
    @Option(help: "Samples a batch has.") var batchSize = 128
    @Option(help: "Threads, each with an autoencoder of its own.") var slots = 1
    @Option(help: "How long to measure.") var seconds = 5.0
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard (1...100_000).contains(inputs), (1...100_000).contains(units), inputs * units <= 100_000_000 else {
            throw ValidationError("--inputs and --units go from 1 to 100000, and no more than 100 million weights.")
        }
        guard (1...65_536).contains(batchSize) else { throw ValidationError("--batch-size goes from 1 to 65536.") }
        guard (1...1_024).contains(slots) else { throw ValidationError("--slots goes from 1 to 1024.") }
        guard seconds > 0, seconds <= 3_600 else { throw ValidationError("--seconds goes up to 3600.") }
    }

    func run() throws {
        let result = TrainingBenchmark.run(
            inputs: inputs, units: units, batchSize: batchSize, slots: slots, seconds: seconds)
        guard !json else {
            try JSONOutput.print(result)
            return
        }
        print("\(inputs)-\(units)-\(inputs), batch \(batchSize), \(slots) slot(s)")
        print("samples/s      \(Int(result.samplesPerSecond))")
        print("GFLOP/s        \(Int(result.gigaflopsPerSecond))")
        print("peak GFLOP/s   \(Int(result.peakGigaflopsPerSecond))")
        print("share of peak  \(Int((result.shareOfPeak * 100).rounded())) %")
    }
}
