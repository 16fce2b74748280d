import ArgumentParser
import CoordinatorClient
import RunProtocol

struct CancelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel a run: its workers give their tasks up at the next heartbeat.")

    @OptionGroup var target: RunArgument
    @OptionGroup var connection: ConnectionOptions
    @Flag(help: "Print the run's status as JSON.") var json = false

    func run() throws {
        let connection = try connection.connect()
        let status = try connection.cancel(try target.find(connection))
        if json { try JSONOutput.print(status) } else { say("\(status.id)  \(status.state.rawValue)") }
    }
}
