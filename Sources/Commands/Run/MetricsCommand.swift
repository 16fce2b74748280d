import ArgumentParser
import CoordinatorClient
import DataFormats
import EventFiles
import FoundationEssentials
import RunProtocol

struct MetricsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Write a run's figures: every round, epoch and test.",
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
        /// Results that are told in series.
        var curves: [TrialResult]
        var tests: [WithNamed<Test, Double>]

        struct Stage: Encodable {
            var name: String
            var rounds: [RoundRecord]
        }

        /// A result that is told in numbers.
        struct Test: Encodable {
            var draw: Int
            var group: String
            var pretrained: Bool
            var labels: Int
            var tested: Int
        }

        init(_ run: RunStatus) {
            (id, name, state) = (run.id, run.name, run.state)
            stages = run.stages.map { Stage(name: $0.name, rounds: $0.history) }
            curves = run.results.filter { !$0.values.series.isEmpty }
            tests = run.results.compactMap { result in
                let values = run.trialMetrics.compactMap { metric in
                    run.value(of: metric, in: result).map { (metric.column ?? metric.name, $0) }
                }
                guard !values.isEmpty else { return nil }
                let test = Test(
                    draw: result.trial, group: result.group, pretrained: result.pretrained, labels: result.labels,
                    tested: result.samples)
                return WithNamed(test, Dictionary(values) { first, _ in first })
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
