import ArgumentParser

struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Look at files of samples and labels.", subcommands: [DataInspectCommand.self])
}
