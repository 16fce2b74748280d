import ArgumentParser
import Coordination
import CoordinatorRuntime
import CoordinatorServer
import DataFormats
import FoundationEssentials
import Logging
import RunProtocol
import RunStore
import ServiceLifecycle

struct CoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator", abstract: "Start a coordinator.",
        discussion: """
            It keeps everything in its state folder. Killed at any time and started again with the same folder, it goes \
            on at the same round; with the same --plan it takes up that plan's run and starts no second one.

            It listens on this host only, unless told otherwise; elsewhere it wants a token, which workers and commands \
            must send.
            """)

    @Option(help: "Where to listen: HOST:PORT.") var listen = "127.0.0.1:8420"
    @Option(help: "The folder for runs and weights; made if it is not there.") var state: String
    @Option(help: "A plan to run.") var plan: String?
    @Flag(help: "Stop when no run is left to do; exit with 1 if one failed, or is not done when a signal comes.")
    var exitWhenDone = false
    @Option(help: "A file with the access token: 16 characters or more, readable by its owner only.")
    var tokenFile: String?
    @Option(
        name: .customLong("data"),
        help: """
            A folder that plans may read data from; can be given more than once. What is given stands instead of the \
            default. [default: the working folder, and /usr/share/datasets]
            """)
    var data: [String] = []
    @Option(
        help: """
            How much memory the process may have: 2GB, 500MB. A run of which a step takes more fails alone. \
            [default: what the machine, a control group and ulimit leave]
            """)
    var memory: MemorySize?
    @Option(help: "Seconds after which a silent worker's tasks go to others.") var lease = 15.0
    @Flag(help: "Keep the state on a file system of another host (NFS, SMB, 9p, FUSE), where its locks may not work.")
    var allowNetworkState = false
    @Flag(help: "Take the state folder from a coordinator on another host, which is gone for good.") var takeOver =
        false
    @OptionGroup var log: LogOptions

    func validate() throws {
        guard (0.5...86_400).contains(lease) else { throw ValidationError("--lease goes from 0.5 to 86400 seconds.") }
    }

    func run() async throws {
        LargeAllocations.returnAtOnce()
        guard let address = ListenAddress(listen) else {
            throw ValidationError("'\(listen)' is no address to listen on; write HOST:PORT, such as 127.0.0.1:8420.")
        }
        let token = try tokenFile.map { try AccessToken(file: $0) }
        try address.validate(token: token != nil)
        let loaded = try plan.map { try LoadedPlan($0) }
        let logger = log.logger("coordinator")
        logger.debug("\(DescriptorLimit.raise()) files may be open at once")
        try OutputFolder.make(state)
        var options = RunStore.Options()
        (options.allowsNetwork, options.takesOver) = (allowNetworkState, takeOver)
        options.tell = { logger.warning("\($0)") }
        let store = try RunStore(folder: state, options: options)
        defer { store.close() }
        let here = FileManager.default.currentDirectoryPath
        let folders = try Self.folders(data, here)
        logger.info("plans may read data below \(folders)")
        let coordinator = try await Coordinator(
            store: store, kinds: Cairn.kinds, folders: folders, defaultFolder: here,
            version: Cairn.version, logger: logger, times: ClusterTimes(leaseMilliseconds: Int64(lease * 1_000)),
            memory: MemoryBudget(limitBytes: memory?.bytes))
        if let loaded {
            let run = try await coordinator.resume(loaded.plan, text: loaded.text, folder: loaded.folder)
            if let earlier = run.earlier { logger.warning("\(run.id): \(earlier)") }
            logger.info("\(run.id) is \(run.state.rawValue): \(run.name)")
        }
        let server = HTTPServer(api: coordinator, listen: address, token: token, logger: logger) { port in
            await coordinator.isReached(Reach(listening: address.with(port: port), needsToken: token != nil))
            logger.info("listening on http://\(address.with(port: port))")
        }
        try await serve(coordinator, server, logger: logger)
        try await reportFailures(coordinator)
    }

    /// - Parameter given: with `--data`.
    private static func folders(_ given: [String], _ here: String) throws -> DataFolders {
        // A service's working folder is often the root, and all files are more than it was meant to read.
        let usual = [here, "/usr/share/datasets"].filter { $0 != "/" && FileManager.default.fileExists(atPath: $0) }
        let folders = try DataFolders(given.isEmpty ? usual : given)
        let missing = usual.filter { (try? folders.locate($0, from: here)) == nil }
        guard !missing.isEmpty else { return folders }
        let names = missing.map { $0 == here ? "the working folder" : $0 }.joined(separator: " and ")
        return try DataFolders(
            given, remark: "not below \(names), since --data was given: what it names stands instead of the default")
    }

    /// Serves until a signal, or until all runs are done where that was asked for.
    private func serve(_ coordinator: Coordinator, _ server: HTTPServer, logger: Logger) async throws {
        EndingSignals.outliveReaders()
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(
                service: CoordinatorService(coordinator: coordinator),
                failureTerminationBehavior: .gracefullyShutdownGroup), .init(service: server),
        ]
        if exitWhenDone {
            services.append(
                .init(
                    service: UntilDone(coordinator: coordinator),
                    successTerminationBehavior: .gracefullyShutdownGroup))
        }
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: EndingSignals.unixSignals, logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(10)
        try await ServiceGroup(configuration: configuration).run()
    }

    private func reportFailures(_ coordinator: Coordinator) async throws {
        guard exitWhenDone else { return }
        let runs = try await coordinator.runs().runs
        for run in runs where run.state == .failed {
            throw CommandError("\(run.id) failed: \(run.reason ?? "no reason is known")")
        }
        if let open = runs.first(where: { !$0.state.isFinal }) {
            throw CommandError("stopped before \(open.id) was done; the same command goes on with it")
        }
    }
}

/// The coordinator's life within the service group.
private struct CoordinatorService: Service {
    let coordinator: Coordinator

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await cancelWhenGracefulShutdown { try await coordinator.run() }
        } onGracefulShutdown: {
            Task { await coordinator.stopWaiting() }
        }
    }
}

/// Ends when every run has ended, or the coordinator is told to stop.
private struct UntilDone: Service {
    let coordinator: Coordinator

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await waitForRuns() }
        } catch  where error is CancellationError || Task.isShuttingDownGracefully {}
    }

    private func waitForRuns() async throws {
        while let run = try await coordinator.runs().runs.first(where: { !$0.state.isFinal }) {
            _ = try await coordinator.status(of: run.id, after: run.revision, waitSeconds: Limits.longPollSeconds)
            try Task.checkCancellation()
        }
    }
}
