import ArgumentParser
import CoordinatorClient
import FoundationEssentials
import RunProtocol

/// How a command reaches its coordinator.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: .customLong("coordinator"),
        help: """
            The coordinator's URL; behind a reverse proxy it may have a path. [default: $CAIRN_COORDINATOR, else \
            http://127.0.0.1:8420]
            """)
    var url: String?
    @Option(
        help: "The file with the access token that the coordinator was started with. [default: $CAIRN_TOKEN_FILE]")
    var tokenFile: String?
    @Option(help: "Certificates (PEM) to trust instead of the system's, for https.") var caFile: String?

    /// Where the coordinator is.
    var address: String {
        url ?? Self.environment("CAIRN_COORDINATOR") ?? "http://127.0.0.1:8420"
    }

    /// - Returns: nil where the variable is empty as well.
    private static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// - Throws: whenever the URL, the token or the certificates cannot be used.
    func configuration() throws -> ClientConfiguration {
        let token = try (tokenFile ?? Self.environment("CAIRN_TOKEN_FILE")).map { try AccessToken(file: $0) }
        return try ClientConfiguration(url: address, token: token?.text, caFile: caFile)
    }

    /// A connection for a command at which somebody sits: it gives up after a few seconds.
    /// - Parameter isQuiet: whether it does not say that it goes through a proxy.
    func connect(isQuiet: Bool = false) throws -> HTTPConnection {
        var configuration = try configuration()
        if let proxy = configuration.proxy, !isQuiet { FileHandleOutput.standardError(proxy.notice + "\n") }
        configuration.retries = RetryPolicy(totalSeconds: 3)
        return try HTTPConnection(configuration)
    }
}

/// The run that a command is about.
struct RunArgument: ParsableArguments {
    @Argument(
        help: "The run's name, as `cairn list` shows it, or its beginning; its plan's name; `latest` for the newest.")
    var run: String

    /// - Throws: whenever there is no such run.
    func find(_ connection: HTTPConnection) throws -> RunID {
        let runs = try connection.runs().runs
        switch RunChoice(run, among: runs.map { ($0.id, $0.name) }) {
        case .run(let id): return id
        case .none:
            throw CommandError(
                runs.isEmpty ? "there are no runs" : "there is no run '\(run.prefix(60))'; `cairn list` shows all runs")
        case .several(let ids):
            let list = ids.prefix(8).map(\.rawValue).joined(separator: ", ") + (ids.count > 8 ? ", ..." : "")
            throw CommandError("'\(run.prefix(60))' may be \(ids.count) runs: \(list); give one of these names")
        }
    }
}
