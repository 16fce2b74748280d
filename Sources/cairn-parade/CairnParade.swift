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
