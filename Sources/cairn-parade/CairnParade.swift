import ArgumentParser
import CoordinatorServer
import Logging
import RunProtocol
import ServiceLifecycle
import UnixSignals

/// Shows the dashboard a cluster that is not there.
@main struct CairnParade: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cairn-parade",
        abstract: "Serve the dashboard with a made-up cluster of any size behind it, which never rests.",
        discussion: "For looking at the page, and for measuring it. No worker can join, and nothing is trained.")

    @Option(help: "Where to listen: HOST:PORT; port 0 lets the system choose.") var listen = "127.0.0.1:0"
    @Option(help: "How many workers.") var workers = 1_000
    @Option(help: "How many rounds the run has; three fifths of them are done when it starts.") var rounds = 500
    @Option(help: "How many other runs there are.") var others = 30
    @Option(help: "Seconds from one round to the next.") var roundSeconds = 4.0
    @Flag(help: "Names and reasons that would be scripts, were they taken for markup.") var hostile = false

    func validate() throws {
        guard (1...Limits.workers).contains(workers) else { throw ValidationError("--workers goes from 1 to 10000.") }
        guard (3...Limits.rounds).contains(rounds) else { throw ValidationError("--rounds goes from 3 to 100000.") }
        guard (0...1_000).contains(others) else { throw ValidationError("--others goes from 0 to 1000.") }
        guard roundSeconds > 0 else { throw ValidationError("--round-seconds goes from above 0.") }
    }

    func run() async throws {
        guard let address = ListenAddress(listen) else {
            throw ValidationError("'\(listen)' is no address to listen on; write HOST:PORT, such as 127.0.0.1:8420.")
        }
        let parade = Parade(
            cluster: MadeUpCluster(
                workers: workers, rounds: rounds, others: others, roundSeconds: roundSeconds, isHostile: hostile))
        // Standard error, as with the coordinator: nothing holds a line back there.
        let logger = Logger(label: "parade") { StreamLogHandler.standardError(label: $0) }
        let server = HTTPServer(api: parade, listen: address, token: nil, logger: logger) { port in
            logger.info("listening on http://\(address.with(port: port))")
        }
        let services = ServiceGroup(
            services: [parade, server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await services.run()
    }
}

/// A coordinator that shows a made-up cluster and takes no work.
actor Parade: CoordinatorAPI, Service {
    static let tickSeconds = 0.5
    private var cluster: MadeUpCluster

    init(cluster: MadeUpCluster) { self.cluster = cluster }

    /// Lets time go by until the program is told to stop.
    func run() async throws {
        await cancelWhenGracefulShutdown { while await self.sleep(Self.tickSeconds) { await self.tick() } }
    }

    private func tick() { cluster.tick(seconds: Self.tickSeconds) }

    /// - Returns: false where it was woken early: there is nothing to go on with.
    private func sleep(_ seconds: Double) async -> Bool { (try? await Task.sleep(for: .seconds(seconds))) != nil }

    // MARK: Watching

    func information() -> CoordinatorInformation {
        CoordinatorInformation(
            version: cluster.coordinator.version, workers: cluster.update(of: nil, after: nil).workers)
    }

    func runs() -> RunList { RunList(runs: cluster.statuses.reversed()) }

    func status(of run: RunID, after revision: Int?, waitSeconds: Double) async throws -> RunStatus {
        guard let status = cluster.statuses.first(where: { $0.id == run }) else { throw Self.unknown(run) }
        return status
    }

    func journal(of run: RunID, after number: Int) throws -> RunJournal {
        let changes = cluster.update(of: run, after: nil).run
        return RunJournal(entries: changes?.entries.filter { $0.number > number } ?? [])
    }

    func live(of run: RunID?, after cursor: LiveCursor?, waitSeconds: Double) async throws -> LiveUpdate {
        if let run, !cluster.statuses.contains(where: { $0.id == run }) { throw Self.unknown(run) }
        let end = ContinuousClock.now + .seconds(waitSeconds)
        while cluster.isNew(cursor) == false, ContinuousClock.now < end { try await Task.sleep(for: .seconds(0.1)) }
        return cluster.update(of: run, after: cursor)
    }

    func planText(of run: RunID) throws -> String {
        "name: \(cluster.statuses.first { $0.id == run }?.name ?? "")\nlayers: [{units: 500}, {units: 200}]\n"
    }

    func codeMap(of run: RunID) throws -> CodeMap { MadeUpCluster.codes }
    func picture(_ name: String, stage: Int?, of run: RunID) throws -> [UInt8] { throw Self.nothingToDraw }
    func mistakes(of run: RunID) throws -> Mistakes { throw Self.nothingToDraw }
    func metrics() -> String { "" }
    func reasonToPause() -> String? { nil }

    // MARK: What it does not do

    func submit(_ submission: RunSubmission) throws -> RunStatus { throw Self.onlyShown }
    func cancel(_ run: RunID) throws -> RunStatus { throw Self.onlyShown }
    func garbage(olderThan seconds: Double) throws -> Garbage { throw Self.onlyShown }
    func deleteGarbage(olderThan seconds: Double) throws -> Garbage { throw Self.onlyShown }
    func export(_ part: ExportDescription.Part, of run: RunID) throws -> ExportDescription { throw Self.onlyShown }
    func register(_ registration: WorkerRegistration) throws -> WorkerWelcome { throw Self.onlyShown }
    func lease(_ request: LeaseRequest) throws -> TaskLease? { throw Self.onlyShown }
    func heartbeat(_ heartbeat: Heartbeat) throws -> HeartbeatReply { throw Self.onlyShown }
    func release(_ task: TaskID, _ release: TaskRelease) throws { throw Self.onlyShown }
    func leave(_ worker: WorkerID, _ leave: WorkerLeave) throws { throw Self.onlyShown }
    func deliver(_ task: TaskID, by claim: TaskClaim, update: UploadedFile) throws -> UpdateReceipt {
        throw Self.onlyShown
    }
    func updateLimit(of task: TaskID, by claim: TaskClaim) throws -> Int { throw Self.onlyShown }
    func uploadFailed(because reason: String) {}
    nonisolated var uploadFolder: String { "/nonexistent" }
    func blob(_ digest: Digest) throws -> StoredBlob { throw Self.onlyShown }

    private static let onlyShown = APIError(.conflict, "this cluster is made up", hint: "start a coordinator")
    private static let nothingToDraw = APIError(.conflict, "a made-up cluster has learnt nothing")
    private static func unknown(_ run: RunID) -> APIError { APIError(.notFound, "there is no run \(run)") }
}
