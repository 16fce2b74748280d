import ArgumentParser
import CoordinatorClient
import RunProtocol

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List a coordinator's runs, newest first, and its workers.")

    /// What `--json` prints.
    private struct Report: Encodable {
        var runs: [RunStatus]
        var workers: [WorkerStatus]
    }

    @OptionGroup var connection: ConnectionOptions
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let connection = try connection.connect()
        let (runs, workers) = (try connection.runs().runs, try connection.information().workers)
        guard !json else { return try JSONOutput.print(Report(runs: runs, workers: workers)) }
        if runs.isEmpty { say("no runs") }
        for run in runs {
            let stage = run.stages.first { $0.state == .running }
            let place = stage.map { ", \($0.name), round \($0.round) of \($0.rounds)" } ?? ""
            say("\(run.id)  \(run.state.rawValue)\(place)  \(run.name)")
        }
        for worker in workers {
            let registration = worker.registration
            say(
                "\(worker.worker)  \(registration.host), \(registration.slots) slots, \(registration.instructionSet),"
                    + " \(worker.tasks.count) tasks, heard \(max(0, worker.secondsSinceHeard).formatted(decimals: 0)) s ago"
            )
            if let reason = worker.quarantine { say("  gets no more tasks: \(reason)") }
        }
    }
}
