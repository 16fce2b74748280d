package import ArgumentParser
import TensorCore

/// The program: `cairn SUBCOMMAND`.
package struct Cairn: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "cairn",
        abstract: "Distributed layer-wise pretraining with autoencoders.",
        version: "cairn 0.1.0, oneDNN \(Engine.oneDNNVersion), \(Engine.instructionSet)",
        subcommands: [PlanCommand.self, DataCommand.self, BenchCommand.self])

    package init() {}
}
