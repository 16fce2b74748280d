import CoordinatorServer
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import RunProtocol
import ServiceLifecycle

let quiet = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

/// Runs `body` with a client of a server for `api`: without a socket, or with a live one.
func withServer(
    _ api: any CoordinatorAPI, token: AccessToken? = nil, live: Bool = false, logger: Logger = quiet,
    watchers: Watchers = Watchers(),
    _ body: @Sendable (any TestClientProtocol) async throws -> Void
) async throws {
    let server = HTTPServer(
        api: api, listen: ListenAddress("127.0.0.1:0")!, token: token, logger: logger, watchers: watchers)
    try await server.application.test(live ? .live : .router, body)
}

/// Runs `body` with the port of a listening server for `api`, and what ends it.
func withListening(
    _ api: any CoordinatorAPI, token: AccessToken? = nil, logger: Logger = quiet, watchers: Watchers = Watchers(),
    limits: ServerLimits = ServerLimits(),
    _ body: (Int, ServiceGroup) async throws -> Void
) async throws {
    let (ports, continuation) = AsyncStream<Int>.makeStream()
    let server = HTTPServer(
        api: api, listen: ListenAddress("127.0.0.1:0")!, token: token, logger: logger, watchers: watchers,
        limits: limits, onListening: { port in continuation.yield(port) })
    let group = ServiceGroup(configuration: .init(services: [server], logger: quiet))
    try await withThrowingTaskGroup { tasks in
        tasks.addTask { try await group.run() }
        for await port in ports {
            try await body(port, group)
            break
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}

extension TestClientProtocol {
    func get(_ uri: String, _ headers: HTTPFields = [:]) async throws -> TestResponse {
        try await executeRequest(uri: uri, method: .get, headers: headers, body: nil)
    }

    func head(_ uri: String, _ headers: HTTPFields = [:]) async throws -> TestResponse {
        try await executeRequest(uri: uri, method: .head, headers: headers, body: nil)
    }

    func post(_ uri: String, _ message: some Encodable) async throws -> TestResponse {
        try await executeRequest(
            uri: uri, method: .post, headers: [.contentType: "application/json"],
            body: ByteBuffer(bytes: JSONEncoder().encode(message)))
    }

    func post(_ uri: String, text: String) async throws -> TestResponse {
        try await executeRequest(uri: uri, method: .post, headers: [:], body: ByteBuffer(string: text))
    }

    func put(
        _ uri: String, _ bytes: [UInt8], digest: String? = nil, headers: HTTPFields = [:]
    ) async throws -> TestResponse {
        var headers = headers
        headers[.init("Content-Digest")!] = digest ?? contentDigest(of: bytes)
        if headers[.init("Cairn-Lease")!] == nil { headers[.init("Cairn-Lease")!] = Examples.token.rawValue }
        return try await executeRequest(uri: uri, method: .put, headers: headers, body: ByteBuffer(bytes: bytes))
    }
}

extension TestResponse {
    var bytes: [UInt8] { Array(body.readableBytesView) }
    var text: String { String(buffer: body) }

    func json<Message: Decodable>(_ type: Message.Type) throws -> Message {
        try JSONDecoder().decode(type, from: Data(bytes))
    }

    /// The error, where the answer is one in the one form with the status that belongs to it.
    var error: APIError? {
        guard let error = try? json(APIErrorBody.self).error, error.code.httpStatus == status.code,
            headers[.contentType] == "application/json"
        else { return nil }
        return error
    }
}

func contentDigest(of bytes: [UInt8]) -> String {
    let hex = Array(Digest(of: bytes).hex)
    let hash = stride(from: 0, to: hex.count, by: 2).map { UInt8(String(hex[$0...$0 + 1]), radix: 16)! }
    return "sha-256=:\(Data(hash).base64EncodedString()):"
}

let updatePath = "/v1/tasks/\(Examples.task)/update?worker=\(Examples.worker)"

/// Waits until `condition` holds, for ten seconds at most.
func eventually(_ condition: () -> Bool) async throws -> Bool {
    for _ in 0..<1_000 where !condition() { try await Task.sleep(for: .milliseconds(10)) }
    return condition()
}
