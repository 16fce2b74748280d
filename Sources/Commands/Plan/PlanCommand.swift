import ArgumentParser
import DataFormats
import FoundationEssentials
import Kinds
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
    @Flag(help: "Replace the file if it is there.") var force = false

    private static let template = ModelKinds.standard.all[0].template

    func run() throws {
        guard let file else { return say(lines: Self.template, terminator: "") }
        guard force || !FileManager.default.fileExists(atPath: file) else {
            throw CommandError("\(file): is there already; use --force to replace it")
        }
        try AtomicFile.write(Data(Self.template.utf8), to: file)
        say("wrote \(file); `cairn plan check \(file)` validates it")
    }
}
