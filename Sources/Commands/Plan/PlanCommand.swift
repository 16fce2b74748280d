import ArgumentParser

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Write a plan to start from, or check one.",
        subcommands: [PlanInitCommand.self, PlanCheckCommand.self])
}
