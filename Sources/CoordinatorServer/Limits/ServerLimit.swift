import Logging
package import PrometheusMetrics
import Synchronization

/// A limit that clients can reach, as metrics name it.
package enum ServerLimit: String, CaseIterable, Sendable {
    case connections
    case connectionsPerAddress = "connections_per_address"
    case requestHead = "request_head"
    case message
    case update
    case answer
    case messageMemory = "message_memory"
    case wrongTokens = "wrong_tokens"
    case descriptors

    /// What happened, for people.
    var text: String {
        switch self {
        case .connections: "closed a connection, since there were too many"
        case .connectionsPerAddress: "closed a connection, since its address had too many without an authorized request"
        case .requestHead: "closed a connection on which no whole request came"
        case .message: "gave up a message that was sent too slowly"
        case .update: "gave up an update that was sent too slowly"
        case .answer: "closed a connection whose client takes no answer"
        case .messageMemory: "sent a message away, since there was no memory for it"
        case .wrongTokens: "sent a client away that tries wrong tokens"
        case .descriptors: "too many files are open: raise LimitNOFILE or ulimit -n"
        }
    }
}

/// Counts how often each limit was reached, and logs it now and then.
final class LimitReports: Sendable {
    /// So many seconds pass between two lines about the same limit.
    private static let pauseSeconds = 10.0

    private struct Report {
        var count = 0
        var logged = 0
        var loggedAt = -Double.infinity
    }

    private let reports = Mutex<[ServerLimit: Report]>([:])
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    func reached(_ limit: ServerLimit, by address: ClientAddress, at now: Double) {
        let count = reports.withLock { reports in
            var report = reports[limit] ?? Report()
            report.count += 1
            defer { reports[limit] = report }
            guard now - report.loggedAt >= Self.pauseSeconds else { return 0 }
            defer { (report.logged, report.loggedAt) = (report.count, now) }
            return report.count - report.logged
        }
        guard count > 0 else { return }
        let times = count == 1 ? "" : ", \(count) times since it was said last"
        logger.warning("\(limit.text) (\(address)\(times))")
    }

    /// In the order of `ServerMetrics.descriptions`.
    func families(connections: Int) -> [MetricFamily] {
        let counts = reports.withLock { $0.mapValues(\.count) }
        return [
            MetricFamily(ServerMetrics.connections, [([], Double(connections))]),
            MetricFamily(
                ServerMetrics.limits, ServerLimit.allCases.map { ([$0.rawValue], Double(counts[$0] ?? 0)) }),
        ]
    }
}

/// What a server tells Prometheus of itself.
package enum ServerMetrics {
    static let connections = FamilyDescription(
        "cairn_connections", .gauge, [], "Open connections of workers, browsers and commands.")
    static let limits = FamilyDescription(
        "cairn_limits_total", .counter, ["limit"], "Times that a client reached a limit of connections or requests.")

    package static let descriptions = [connections, limits]
}
