import ArgumentParser

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure what this machine reaches.",
        subcommands: [BenchPeakCommand.self, BenchMatmulCommand.self, BenchTrainCommand.self])
}

/// What every benchmark can be told.
struct BenchOptions: ParsableArguments {
    @Option(help: "How long to measure.") var seconds = 5.0
    @Flag(inversion: .prefixedNo, help: "Keep each thread on a core of its own, where there are enough.")
    var pinCores = true
    @Flag(help: "Show no progress.") var quiet = false
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard seconds > 0, seconds <= 3_600 else { throw ValidationError("--seconds goes up to 3600.") }
    }
}
