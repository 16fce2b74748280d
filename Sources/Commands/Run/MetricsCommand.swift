import ArgumentParser
import CoordinatorClient
import DataFormats
import EventFiles
import FoundationEssentials
import RunProtocol

/// `cairn metrics`
struct MetricsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Write a run's figures: every round, epoch and test.",
        discussion: """
            As CSV, a line for each round of each stage, each epoch of each fine-tuning and each test of a draw; or as \
            JSON. The run may still be going on.
            """)

    /// What `--json` prints.
    private struct Report: Encodable {
        var id: RunID
        var name: String
        var state: RunStatus.State
        var stages: [Stage]
        var curves: [LearningCurve]
        var tests: [Test]

        struct Stage: Encodable {
            var name: String
            var rounds: [RoundRecord]
        }

        struct Test: Encodable {
            var draw: Int
            var pretrained: Bool
            var labels: Int
            var tested: Int
            var error: Double
        }

        init(_ run: RunStatus) {
            (id, name, state) = (run.id, run.name, run.state)
            stages = run.stages.map { Stage(name: $0.name, rounds: $0.history) }
            curves = run.curves ?? []
            tests = run.results.map {
                Test(
                    draw: $0.draw, pretrained: $0.pretrained, labels: $0.labels, tested: $0.tested, error: $0.error)
            }
        }
    }

    @OptionGroup var target: RunArgument
    @OptionGroup var connection: ConnectionOptions
    @Flag(help: "Write CSV, as it does unless told otherwise.") var csv = false
    @Flag(help: "Write JSON.") var json = false
    @Option(name: .shortAndLong, help: "The file to write. [default: standard output]") var output: String?

    func validate() throws {
        guard !(csv && json) else { throw ValidationError("Choose one of --csv and --json.") }
    }

    func run() throws {
        let connection = try connection.connect()
        let status = try connection.status(of: try target.find(connection))
        guard let output else {
            return json ? try JSONOutput.print(Report(status)) : say(lines: RunTable.csv(status), terminator: "")
        }
        try AtomicFile.write(json ? JSONOutput.data(Report(status)) : Data(RunTable.csv(status).utf8), to: output)
    }
}
