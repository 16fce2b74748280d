import ArgumentParser
import DataFormats
import FoundationEssentials
import PlanFile

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Write a plan to start from, or check one.",
        subcommands: [PlanInitCommand.self, PlanCheckCommand.self])
}

struct PlanInitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a commented plan for Fashion-MNIST, to be changed.")

    @Argument(help: "The file to write; standard output if none is named.") var file: String?
    @Option(help: "The kind of model. [default: the program's first, stacked_autoencoder]") var model: String?
    @Flag(help: "Replace the file if it is there.") var force = false

    func run() throws {
        let template = try Cairn.kinds.kind(named: model).template
        guard let file else { return say(lines: template, terminator: "") }
        guard force || !FileManager.default.fileExists(atPath: file) else {
            throw CommandError("\(file): is there already; use --force to replace it")
        }
        try AtomicFile.write(Data(template.utf8), to: file)
        say("wrote \(file); `cairn plan check \(file)` validates it")
    }
}
