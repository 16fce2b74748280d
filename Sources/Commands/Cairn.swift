package import ArgumentParser
import CBuildInformation
import Glibc
package import PlanFile
import Synchronization
import TensorCore

/// The program: `cairn SUBCOMMAND`.
package struct Cairn: AsyncParsableCommand {
    static let version = "0.1.0"

    package static let configuration = CommandConfiguration(
        commandName: "cairn", abstract: "Distributed layer-wise pretraining with autoencoders.",
        discussion: """
            Start a coordinator, launch workers on hosts, export the pretrained weights:

              cairn coordinator --state state --plan plan.yaml
              cairn worker --coordinator http://127.0.0.1:8420
              cairn export RUN --output weights.safetensors

            Or do it all in one process: cairn pretrain plan.yaml --output results
            """,
        version:
            "cairn \(version) (\(String(cString: cbi_commit()))), oneDNN \(Engine.oneDNNVersion), \(Engine.processor)",
        groupedSubcommands: [
            CommandGroup(name: "Cluster", subcommands: [CoordinatorCommand.self, WorkerCommand.self, TopCommand.self]),
            CommandGroup(
                name: "Runs",
                subcommands: [
                    SubmitCommand.self, ListCommand.self, StatusCommand.self, EventsCommand.self, WatchCommand.self,
                    CancelCommand.self, ExportCommand.self, MetricsCommand.self, GarbageCommand.self,
                ]),
            CommandGroup(
                name: "Without a cluster",
                subcommands: [
                    PretrainCommand.self, EvaluateCommand.self, PictureCommand.self, DataCommand.self,
                    PlanCommand.self, BenchCommand.self,
                ]),
        ])

    package init() {}

    /// The kinds of model that this program knows.
    static var kinds: ModelKinds { known.withLock(\.self) }
    private static let known = Mutex(ModelKinds([]))

    /// Does what the command line asks for, and exits.
    /// - Parameter arguments: nil for the process' own.
    package static func start(_ arguments: [String]? = nil, kinds: ModelKinds) async {
        known.withLock { $0 = kinds }
        // Whoever started this process may have blocked them; then nothing could stop it but SIGKILL.
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&signals, number) }
        sigprocmask(SIG_UNBLOCK, &signals, nil)
        do {
            var command = try parseAsRoot(arguments)
            do {
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
            } catch { throw CommandError.shown(error) }
        } catch { exit(withError: error) }
    }
}
