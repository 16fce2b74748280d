import ArgumentParser
import CoordinatorClient
import FoundationEssentials
import RunProtocol

/// How a command reaches its coordinator.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: .customLong("coordinator"),
        help: "The coordinator's URL. [default: $CAIRN_COORDINATOR, else http://127.0.0.1:8420]")
    var url: String?
    @Option(help: "The file with the access token that the coordinator was started with.") var tokenFile: String?
    @Option(help: "Certificates (PEM) to trust instead of the system's, for https.") var caFile: String?

    /// Where the coordinator is.
    var address: String {
        url ?? ProcessInfo.processInfo.environment["CAIRN_COORDINATOR"] ?? "http://127.0.0.1:8420"
    }

    /// - Throws: whenever the URL, the token or the certificates cannot be used.
    func configuration() throws -> ClientConfiguration {
        let token = try tokenFile.map { try AccessToken(file: $0) }
        return try ClientConfiguration(url: address, token: token?.text, caFile: caFile)
    }

    /// A connection for a command at which somebody sits: it gives up after a few seconds.
    func connect() throws -> HTTPConnection {
        var configuration = try configuration()
        configuration.retries = RetryPolicy(totalSeconds: 3)
        return try HTTPConnection(configuration)
    }
}

/// The run that a command is about.
struct RunArgument: ParsableArguments {
    @Argument(help: "The run's name, as `cairn list` shows it; `latest` for the newest.") var run: String

    /// - Throws: whenever there is no such run.
    func find(_ connection: HTTPConnection) throws -> RunID {
        if run == "latest" {
            guard let newest = try connection.runs().runs.first else { throw CommandError("there are no runs") }
            return newest.id
        }
        guard let id = RunID(rawValue: run) else {
            throw CommandError("'\(run.prefix(60))' is no run's name; `cairn list` shows all runs")
        }
        return id
    }
}
