import ArgumentParser
import CoordinatorClient
import RunProtocol

struct SubmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Hand a plan to a coordinator.",
        discussion: """
            Prints the run's name. Relative paths in the plan start from the plan's folder, on the coordinator's host.
            """)

    @Argument(help: "The plan.") var plan: String
    @OptionGroup var connection: ConnectionOptions
    @Flag(help: "Show progress until the run has ended; exit with 1 unless it finished.") var wait = false
    @Flag(help: "Show no progress.") var quiet = false
    @Flag(help: "Print the run's status as JSON.") var json = false

    func run() throws {
        let loaded = try LoadedPlan(plan)
        let connection = try connection.connect(isQuiet: quiet)
        var status = try connection.submit(RunSubmission(plan: loaded.text, folder: loaded.folder))
        if !json { say(lines: status.id) }
        if let earlier = status.earlier, !quiet { FileHandleOutput.standardError("\(earlier)\n") }
        if wait { status = try connection.follow(status.id, isQuiet: quiet) }
        if !json, status.state != .cancelled { status.printRemarks() }
        if json { try JSONOutput.print(status) }
        if wait { try status.checkFinished() }
    }
}

extension RunStatus {
    /// Lines on standard error, so that standard output has results only.
    func printRemarks() { for remark in remarks ?? [] { FileHandleOutput.standardError(remark.line + "\n") } }

    /// - Throws: whenever the run has ended in another way.
    func checkFinished() throws {
        guard state != .finished else { return }
        throw CommandError("\(id) \(state == .failed ? "failed" : "was cancelled"): \(reason ?? "no reason is known")")
    }
}
