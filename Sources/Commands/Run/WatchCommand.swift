import ArgumentParser
import CoordinatorClient
import RunProtocol

/// `cairn watch`
struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show a run's progress until it has ended.",
        discussion: """
            In a terminal the last line shows stage, round, loss, samples a second, workers and the time left; elsewhere \
            there is a plain line for each round. Exits with 1 unless the run finished.
            """)

    @OptionGroup var target: RunArgument
    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        let connection = try connection.connect()
        let status = try connection.follow(try target.find(connection))
        try status.checkFinished()
        print(Summary(status, files: [:]).table)
    }
}
