import ArgumentParser
import CoordinatorRuntime
import DataFormats
import FoundationEssentials
import Glibc
import Logging
import RunProtocol
import RunStore
import TensorCore
import UnixSignals
import WorkerRuntime

struct PretrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pretrain",
        abstract: "Run a plan in this process, without a coordinator's server or workers.",
        discussion: """
            The same tasks, the same sums and the same bits as on a cluster. Leaves weights.safetensors (the pretrained \
            encoders and decoders) and summary.json in the output folder, and classifier.safetensors where the plan has \
            fine_tuning. Paths in the plan start from the plan's folder.
            """)

    @Argument(help: "The plan.") var plan: String
    @Option(name: .shortAndLong, help: "The folder for the results; made if it is not there.") var output: String
    @Option(
        help: """
            Tasks at once; the weights do not depend on it. [default: one for each core that affinity and CPU quota leave it]
            """)
    var slots: Int?
    @Flag(help: "Print the summary as JSON.") var json = false
    @Flag(help: "Show no progress.") var quiet = false

    func validate() throws { try Cores.check(slots: slots) }

    func run() async throws {
        let loaded = try LoadedPlan(plan)
        try OutputFolder.make(output)
        // Before there is anything to remove.
        let signals = await UnixSignalsSequence(trapping: EndingSignals.unixSignals)
        let state = output + "/.run-\(ProcessInfo.processInfo.processIdentifier)"
        defer { try? FileManager.default.removeItem(atPath: state) }
        var options = RunStore.Options()
        // It is this process' alone.
        options.allowsNetwork = true
        let store = try RunStore(folder: state, options: options)
        // Before the folder is removed: a thread that still cuts data must not make it anew.
        defer { store.close() }
        var logger = Logger(label: "cairn")
        // What goes wrong ends the command, which says it.
        logger.logLevel = .critical
        // The user who starts this command can read the file anyway.
        let coordinator = try await Coordinator(
            store: store, kinds: Cairn.kinds, folders: DataFolders(["/"]), defaultFolder: loaded.folder,
            version: Cairn.version, logger: logger, waitsForRoom: false)
        try loaded.plan.instructionSet.map(Engine.use)
        // One process has nobody to compare its answers with.
        var plan = loaded.plan
        plan.verify = nil
        let submitted = try await coordinator.resume(plan, text: loaded.text, folder: loaded.folder)
        let final = try await finish(
            submitted, on: coordinator, cache: state + "/cache", signals: signals, logger: logger)
        try write(final, from: coordinator)
    }

    /// Runs coordinator and worker side by side until the run has ended.
    private func finish(
        _ run: RunStatus, on coordinator: Coordinator, cache: String, signals: UnixSignalsSequence, logger: Logger
    ) async throws -> RunStatus {
        let connection = LocalConnection(coordinator)
        let worker = Worker(
            connection: connection, registration: WorkerRegistration(slots: slots ?? Cores.count),
            settings: Worker.Settings(cacheFolder: cache, graceSeconds: 0, waitsForRoom: false), logger: logger)
        return try await withThrowingTaskGroup(of: RunStatus?.self) { group in
            group.addTask {
                try await coordinator.run()
                return nil
            }
            group.addTask {
                try await onThreadOfItsOwn { try worker.run() }
                return nil
            }
            group.addTask { try await follow(run, on: coordinator) }
            group.addTask { try await Self.throwWhenInterrupted(signals) }
            defer {
                worker.stop()
                group.cancelAll()
            }
            while let status = try await group.next() {
                if let status { return status }
            }
            throw CommandError("the run ended without a result")
        }
    }

    /// So that what is half-done is removed; a second signal ends the process at once.
    private static func throwWhenInterrupted(_ signals: UnixSignalsSequence) async throws -> RunStatus? {
        for await _ in signals {
            for number in EndingSignals.all { signal(number, SIG_DFL) }
            throw CommandError("interrupted: nothing was written")
        }
        return nil
    }

    private func follow(_ run: RunStatus, on coordinator: Coordinator) async throws -> RunStatus {
        var printer = ProgressPrinter(isQuiet: quiet)
        var status = run
        while !status.state.isFinal {
            status = try await coordinator.status(of: run.id, after: status.revision, waitSeconds: 1)
            printer.show(status, workers: printer.isLive ? await coordinator.information().workers : [])
            // A run may change faster than anybody reads.
            if printer.isLive { try await Task.sleep(for: .milliseconds(100)) }
            // A coordinator that had to stop answers at once, again and again.
            try Task.checkCancellation()
        }
        return status
    }

    private func write(_ status: RunStatus, from coordinator: Coordinator) throws {
        guard status.state == .finished else {
            status.printRemarks()
            throw CommandError("the run \(status.state.rawValue): \(status.reason ?? "no reason is known")")
        }
        try OutputFolder.writeResults(of: status, to: output, json: json) { export, path in
            let blob = try coordinator.blob(export.digest)
            // Mapped, so that a model of any size can be copied.
            let file = try MappedFile(blob.path)
            let writer = try FileWriter(beside: path)
            try writer.append(file.bytes.buffer)
            try writer.keep(as: path)
        }
    }
}
