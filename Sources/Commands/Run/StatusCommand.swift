import ArgumentParser
import CoordinatorClient
import RunProtocol

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "Say where a run stands.")

    @OptionGroup var target: RunArgument
    @OptionGroup var connection: ConnectionOptions
    @Flag(help: "Print JSON: every round of every stage, results and exports.") var json = false

    func run() throws {
        let connection = try connection.connect()
        let status = try connection.status(of: try target.find(connection))
        guard !json else { return try JSONOutput.print(status) }
        say("\(status.id)  \(status.state.rawValue)  \(status.name)")
        if let reason = status.reason { say(lines: reason.replacing("\n", with: "\n  ")) }
        guard status.state != .finished else { return say(lines: Summary(status, files: [:]).table) }
        for stage in status.stages {
            let tasks = stage.state == .running ? ", \(stage.tasksDone) of \(stage.tasks) tasks done" : ""
            say("\(stage.name): \(stage.state.rawValue), round \(stage.round) of \(stage.rounds)\(tasks)")
        }
        if !status.state.isFinal { say("\(status.workersText), \(status.tasksInProgress) tasks in progress") }
        for remark in status.remarks ?? [] { say(lines: remark.line) }
        if let memory = status.memory, !status.state.isFinal { say("it takes \(memory.text)") }
        if let bytes = status.diskBytes { say("\(bytes.asMebibytes) on the coordinator's disk") }
    }
}
