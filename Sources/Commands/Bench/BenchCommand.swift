import ArgumentParser

/// `cairn bench`
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure what this machine reaches.", subcommands: [BenchTrainCommand.self])
}
