import ArgumentParser
import CoordinatorClient
import Glibc
import RunProtocol
import TerminalViews

struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Show a coordinator's workers: what they do, how fast, and what came of their tasks.",
        discussion: """
            Those in trouble come first: quarantined, lost, with tasks that came to nothing, slower than half the median. In \
            a terminal it goes on until Ctrl-C; elsewhere the table is printed once.
            """)

    @OptionGroup var connection: ConnectionOptions
    @Flag(help: "Print the table once.") var once = false
    @Flag(help: "Print JSON, once.") var json = false

    func run() throws {
        let (address, connection) = (connection.address, try connection.connect())
        var information = try connection.information()
        guard !json else { return try JSONOutput.print(information) }
        var terminal = Terminal(STDOUT_FILENO)
        guard terminal != nil, !once else {
            let size = ScreenSize(
                columns: terminal?.size.columns ?? 1_000, rows: Limits.workers + Limits.lostWorkers + 10)
            let lines = TopScreen(information, at: address).lines(in: size)
            say(lines: lines.map { $0.text(isColoured: false) }.joined(separator: "\n"))
            return
        }
        var problem: String?
        while true {
            terminal?.draw { TopScreen(information, at: address, notice: problem).lines(in: $0) }
            sleep(1)
            do {
                (information, problem) = (try connection.information(), nil)
            } catch let error as ConnectionError {
                problem = "\(error); trying again"
            }
        }
    }
}
