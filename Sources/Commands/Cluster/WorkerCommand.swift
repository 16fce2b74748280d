import ArgumentParser
import CoordinatorClient
import CoordinatorRuntime
import Dispatch
import FoundationEssentials
import Glibc
import Logging
import RunProtocol
import TensorCore
import WorkerRuntime

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Join a coordinator and do its tasks.",
        discussion: """
            It can be started before the coordinator, and waits for it. SIGTERM lets the tasks in hand finish, for as \
            long as --grace says, and hands back those that do not; a second one hands them back at once. A worker may \
            be killed at any time: its tasks go to others.
            """)

    @OptionGroup var connection: ConnectionOptions
    @Option(help: "Tasks at once. [default: one for each core that affinity and CPU quota leave it]") var slots: Int?
    @Flag(
        help: """
            Keep each slot on a core of its own, where the process may use enough of them. Only for a host with one \
            worker: two would choose the same cores, unless each is started with cores of its own (taskset).
            """)
    var pinCores = false
    @Option(help: "The folder for downloaded data and weights. [default: cairn in $XDG_CACHE_HOME or ~/.cache]")
    var cache: String?
    @Option(help: "How many GiB the folder may take.") var cacheLimit = 20
    @Option(
        help: """
            How much memory the process may have: 2GB, 500MB. A task that takes more is left to other workers. \
            [default: what the machine, a control group and ulimit leave]
            """)
    var memory: MemorySize?
    @Option(help: "How many seconds tasks in hand may take after SIGTERM.") var grace = 30.0
    @Option(
        help: """
            Compute as a processor does that has nothing better: sse41, avx, avx2 or avx512. For plans with \
            instruction_set. [default: the best that this one has]
            """)
    var instructionSet: InstructionSet?
    @OptionGroup var log: LogOptions

    func validate() throws {
        try Cores.check(slots: slots)
        guard (1...1_000_000).contains(cacheLimit) else { throw ValidationError("--cache-limit is in GiB, from 1.") }
        guard (0...86_400).contains(grace) else { throw ValidationError("--grace goes from 0 to 86400 seconds.") }
    }

    func run() async throws {
        let logger = log.logger("worker")
        var configuration = try connection.configuration()
        configuration.whenRetrying = { problem, seconds in
            logger.info("\(problem); trying again in \(seconds.formatted(decimals: 1)) s")
        }
        try instructionSet.map(Engine.use)
        let folder = cache ?? Self.defaultFolder
        try OutputFolder.make(folder)
        if let proxy = configuration.proxy { logger.info("\(proxy.notice)") }
        if slots == nil { logger.info("\(Cores.text)") }
        // One half for what is downloaded, one for codes.
        let halfBytes = cacheLimit << 29
        try pruneCache(folder: folder, limitBytes: halfBytes)
        let worker = Worker(
            connection: try HTTPConnection(configuration),
            registration: WorkerRegistration(slots: slots ?? Cores.count),
            settings: Worker.Settings(
                cacheFolder: folder, codeFolderBytes: halfBytes, memoryBytes: memory?.bytes, graceSeconds: grace,
                pinsCores: pinCores),
            logger: logger)
        EndingSignals.outliveReaders()
        let signals = EndingSignals.handle { [grace] _ in
            logger.info("stopping: tasks in hand may take \(Int(grace)) s")
            worker.stop()
        }
        defer { signals.forEach { $0.cancel() } }
        try await onThreadOfItsOwn { try worker.run() }
    }

    private static var defaultFolder: String {
        let environment = ProcessInfo.processInfo.environment
        if let folder = environment["XDG_CACHE_HOME"], folder.hasPrefix("/") { return folder + "/cairn" }
        return (environment["HOME"] ?? "/tmp") + "/.cache/cairn"
    }
}
