import ArgumentParser
import CoordinatorClient
import RunProtocol

struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Show a run's progress until it has ended.",
        discussion: """
            In a terminal: how far run, stage and round are and the time left, loss and held-out error as curves, and the \
            workers, those in trouble first. Elsewhere there is a plain line for each round. Exits with 1 unless the run \
            finished.
            """)

    @OptionGroup var target: RunArgument
    @OptionGroup var connection: ConnectionOptions
    @Flag(help: "Show no progress.") var quiet = false

    func run() throws {
        let connection = try connection.connect(isQuiet: quiet)
        let status = try connection.follow(try target.find(connection), isQuiet: quiet)
        if status.state == .failed { status.printRemarks() }
        try status.checkFinished()
        say(lines: Summary(status, files: [:]).table)
    }
}
