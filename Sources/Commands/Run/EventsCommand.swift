import ArgumentParser
import CoordinatorClient
import FoundationEssentials
import RunProtocol

struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Say what happened to a run, and why.",
        discussion: """
            Facts, who got which task, which worker was lost, when the coordinator was started: all outlive a restart. Of \
            very many entries the last ones are shown.
            """)

    @OptionGroup var target: RunArgument
    @OptionGroup var connection: ConnectionOptions
    @Option(help: "Leave out the entries up to this number.") var after = 0
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard after >= 0 else { throw ValidationError("--after is a whole number from 0.") }
    }

    func run() throws {
        let connection = try connection.connect()
        let journal = try connection.journal(of: try target.find(connection), after: after)
        guard !json else { return try JSONOutput.print(journal) }
        for entry in journal.entries {
            let time = Date(timeIntervalSince1970: entry.time).formatted(.iso8601)
            say("\(entry.number)  \(time)  \(entry.text)\(entry.reason.isEmpty ? "" : ": \(entry.reason)")")
        }
    }
}
