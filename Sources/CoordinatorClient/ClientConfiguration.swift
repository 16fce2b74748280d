import FoundationEssentials
import Glibc
package import RunProtocol

/// How to reach a coordinator.
///
///     var configuration = try ClientConfiguration(url: "https://trainer.example:8080", token: token)
///     configuration.retries = RetryPolicy(totalSeconds: 5)
///     let connection = try HTTPConnection(configuration)
package struct ClientConfiguration: Sendable, CustomStringConvertible, CustomReflectable {
    package let address: CoordinatorAddress
    /// Sent with every request; never part of a description or a message.
    package let token: String?
    /// Certificates (PEM) to trust instead of the system's.
    package let caFile: String?
    /// What the environment puts between; nil for nothing.
    package let proxy: EnvironmentProxy?
    package var connectSeconds = 5.0
    /// How long a request may take, beside what it asks the coordinator to wait.
    package var requestSeconds = 30.0
    /// How long a long poll may take beyond what it asks the coordinator to wait.
    package var longPollMarginSeconds = 10.0
    /// A blob or an update on its way that moves less than a byte a second for this long is given up.
    package var stallSeconds = 30.0
    /// The largest blob that is fetched.
    package var blobBytes = 1 << 36
    package var retries = RetryPolicy(totalSeconds: 60)
    /// A worker may be started before its coordinator.
    package var registrationRetries = RetryPolicy.forEver
    /// Called on the calling thread before each pause, with what went wrong in one line.
    package var whenRetrying: (@Sendable (_ problem: String, _ pauseSeconds: Double) -> Void)?

    /// - Throws: `ConnectionError` whenever the URL, the token or the file cannot be used.
    package init(
        url: String, token: String? = nil, caFile: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConnectionError) {
        address = try CoordinatorAddress(url)
        proxy = EnvironmentProxy(for: address, in: environment)
        // A line break in it would become a header of its own.
        guard token?.utf8.allSatisfy({ (33...126).contains($0) }) != false, token?.isEmpty != true else {
            throw ConnectionError(
                .unreachable, "the access token is empty or has spaces or other unusual characters: copy it again")
        }
        self.token = token
        guard caFile.map({ access($0, R_OK) == 0 }) != false else {
            throw ConnectionError(
                .tls,
                "the certificates in '\((caFile ?? "").asOneLine)' cannot be read: "
                    + String(cString: strerror(errno)))
        }
        self.caFile = caFile
    }

    package var description: String { "coordinator at \(address)\(token == nil ? "" : ", with a token")" }
    package var customMirror: Mirror { Mirror(self, children: ["address": address]) }
}
