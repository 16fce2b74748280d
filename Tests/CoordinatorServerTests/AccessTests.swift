import CoordinatorServer
import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import Logging
import NIOCore
import RunProtocol
import Synchronization
import Testing

@Suite struct AccessTests {
    /// The page and what it asks before it has a session, and what probes ask.
    static let open: Set = ["/", "/healthz", "/readyz", "/v1/session"]
    static let token = AccessToken(text: "0123456789abcdef-secret")!

    @Test(
        arguments: [
            nil, "", "Bearer", "Bearer ", "Bearer 0123456789abcdef-secre", "Bearer 0123456789abcdef-secret2",
            "Basic 0123456789abcdef-secret", "0123456789abcdef-secret",
        ] as [String?]) func nobodyComesInWithoutTheToken(authorization: String?) async throws
    {
        let api = try FakeCoordinator()
        var headers: HTTPFields = [:]
        headers[.authorization] = authorization
        try await withServer(api, token: Self.token) { [headers] client async throws in
            for route in Route.all where !Self.open.contains(route.path) {
                let answer = try await client.executeRequest(
                    uri: route.path, method: route.method, headers: headers, body: nil)
                #expect(answer.status == .unauthorized)
                #expect(answer.headers[.wwwAuthenticate] == "Bearer")
                #expect(route.method == .head || answer.error?.code == .unauthorized)
            }
            for path in ["/nowhere", "/v1", "/index.html/x", "/healthz/x", "//"] {
                #expect(try await client.get(path, headers).status == .unauthorized, "\(path)")
            }
        }
    }

    @Test func theTokenOpensAndKeepsSharedCachesOut() async throws {
        let api = try FakeCoordinator()
        try await withServer(api, token: Self.token) { client async throws in
            for scheme in ["Bearer", "bearer"] {
                let headers: HTTPFields = [.authorization: "\(scheme) \(Self.token.text)"]
                #expect(try await client.get("/v1/info", headers).status == .ok)
                let blob = try await client.get("/v1/blobs/\(api.blobDigest)", headers)
                #expect(blob.headers[.cacheControl] == "private, max-age=31536000, immutable")
            }
        }
    }

    @Test func pagesOfOtherSitesAreRefused() async throws {
        try await withServer(try FakeCoordinator(), live: true) { client async throws in
            #expect(try await client.get("/v1/info", [.origin: "http://localhost"]).status == .ok)
            for origin in ["http://evil.example", "null", "http://localhost.evil.example"] {
                #expect(try await client.get("/v1/info", [.origin: origin]).error?.code == .unauthorized)
            }
        }
    }

    /// A proxy may speak to the coordinator under another name than browsers speak to the proxy.
    @Test func aPageBehindAProxyIsTheCoordinatorsOwn() async throws {
        try await withServer(try FakeCoordinator(), token: Self.token) { client async throws in
            func logIn(_ site: String?) async throws -> TestResponse {
                var headers: HTTPFields = [.origin: "https://cairn.example.org"]
                headers[.init("Sec-Fetch-Site")!] = site
                return try await client.executeRequest(
                    uri: "/v1/session", method: .post, headers: headers,
                    body: ByteBuffer(string: #"{"token":"\#(Self.token.text)"}"#))
            }
            #expect(try await logIn("same-origin").status == .noContent)
            for site in [nil, "same-site", "cross-site", "none", "", "same-origin, cross-site"] {
                let error = try await logIn(site).error
                #expect(error?.code == .unauthorized, "\(site ?? "")")
                #expect(error?.message.contains("from https://cairn.example.org and was sent to localhost") == true)
                #expect(error?.hint?.contains("proxy_set_header Host $http_host;") == true)
            }
        }
    }

    /// A name that somebody makes point to this host may be a page's of theirs.
    @Test func withoutATokenItIsSpokenToAsThisHostOnly() async throws {
        try await withListening(try FakeCoordinator()) { port, _ in
            for (host, status) in [
                ("localhost:\(port)", 200), ("127.0.0.1", 200), ("[::1]:8420", 200), ("evil.example", 401),
                ("localhost.evil.example:8420", 401), ("127.0.0.1.evil.example", 401), ("10.0.0.1:8420", 401),
            ] {
                let connection = try Connection(port: port)
                try connection.send("GET /v1/info HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                #expect(try await eventually { connection.received().hasPrefix("HTTP/1.1 \(status) ") }, "\(host)")
            }
        }
    }

    @Test func requestsAreLoggedWithoutSecrets() async throws {
        let log = RecordedLog()
        var logger = Logger(label: "tests") { _ in log }
        logger.logLevel = .trace
        try await withServer(try FakeCoordinator(), token: Self.token, logger: logger) { client async throws in
            _ = try await client.get("/v1/info?x=query", [.authorization: "Bearer \(Self.token.text)"])
            _ = try await client.get("/v1/runs", [.authorization: "Bearer wrong-secret"])
        }
        #expect(log.lines.contains { $0.contains("GET /v1/info 200 ") && $0.hasSuffix(" ms") })
        #expect(log.lines.contains { $0.contains("GET /v1/runs 401 ") })
        #expect(!log.lines.contains { $0.contains("secret") || $0.contains("query") })
    }
}

/// Keeps what is logged.
struct RecordedLog: LogHandler {
    private final class Store: Sendable {
        let events = Mutex<[(level: Logger.Level, text: String)]>([])
    }

    private let store = Store()
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace
    var lines: [String] { store.events.withLock { $0.map(\.text) } }

    func lines(of level: Logger.Level) -> [String] {
        store.events.withLock { $0.filter { $0.level == level }.map(\.text) }
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        store.events.withLock { $0.append((event.level, "\(event.message)")) }
    }
}
