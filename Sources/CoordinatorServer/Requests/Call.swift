import FoundationEssentials
import HTTPTypes
package import Hummingbird
import NIOCore
import NIOHTTPTypes
import RunProtocol
import ServiceLifecycle

/// What belongs to one request: its logger, its path's parameters and the connection that it came over.
package struct ServerContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    let channel: any Channel
    /// False where there is no network at all.
    let hasConnection: Bool

    /// Whether nobody hears the answer.
    var hasHungUp: Bool { hasConnection && !channel.isActive }

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
        hasConnection = channel.isActive
    }
}

/// What a middleware hands a request on to.
typealias Next = @concurrent (Request, ServerContext) async throws -> Response

/// One request as a route sees it, with everything in it checked as it is read.
struct Call: Sendable {
    let request: Request
    let context: ServerContext
    let api: any CoordinatorAPI
    /// The token that is needed, where one is.
    let token: AccessToken?
    let watchers: Watchers
    let admission: Admission

    /// Whether shared caches must not keep the answer.
    var isPrivate: Bool { token != nil }

    // MARK: The path

    func run() throws -> RunID {
        try parameter(
            "run", RunID.init(rawValue:), "there is no such run",
            "a run's name has 1 to 40 letters, digits and hyphens")
    }

    func task() throws -> TaskID {
        try parameter("task", TaskID.init, "there is no such task", "a task is written RUN.sSTAGE.rROUND.tINDEX")
    }

    func namedWorker() throws -> WorkerID {
        try parameter(
            "worker", WorkerID.init(rawValue:), "there is no such worker",
            "a worker's name has 1 to 40 letters, digits and hyphens")
    }

    func part() throws -> ExportDescription.Part {
        try parameter(
            "part", ExportDescription.Part.init(rawValue:), "that is no name of an export",
            "a run's status lists its exports")
    }

    func digest() throws -> Digest {
        try parameter(
            "digest", Digest.init(hex:), "there is no such blob",
            "a blob's name is its SHA-256: 64 lowercase hexadecimal digits")
    }

    private func parameter<Value>(
        _ name: String, _ read: (String) -> Value?, _ problem: String, _ hint: String
    ) throws -> Value {
        guard let value = context.parameters.get(name).flatMap(read) else {
            throw APIError(.notFound, problem, hint: hint)
        }
        return value
    }

    // MARK: The query

    func query(_ name: String) -> String? { request.uri.queryParameters[name[...]].map { String($0) } }

    private func query<Value>(
        _ name: String, should what: String, _ read: (String) -> Value?
    ) throws -> Value? {
        try query(name).map { text in
            guard let value = read(text) else { throw APIError(.badRequest, "`\(name)` should \(what)") }
            return value
        }
    }

    func revision() throws -> Int? {
        try query("after", should: "be a whole number from 0") { Int($0).flatMap { $0 >= 0 ? $0 : nil } }
    }

    func waitSeconds() throws -> Double { min(try seconds("wait"), Limits.longPollSeconds) }
    func secondsOld() throws -> Double { try seconds("older") }

    private func seconds(_ name: String) throws -> Double {
        let seconds = try query(name, should: "be a number of seconds from 0") { text in
            Double(text).flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
        }
        return seconds ?? 0
    }

    func stage() throws -> Int? {
        try query("stage", should: "be a whole number from 0 to \(Limits.stages - 1)") { text in
            Int(text).flatMap { (0..<Limits.stages).contains($0) ? $0 : nil }
        }
    }

    func watchedRun() throws -> RunID? { try query("run", should: "name a run: ?run=RUN", RunID.init(rawValue:)) }

    func worker() throws -> WorkerID {
        guard let worker = query("worker").flatMap(WorkerID.init(rawValue:)) else {
            throw APIError(.badRequest, "`worker` should name the worker: ?worker=WORKER")
        }
        return worker
    }

    /// Who sends a result, and the proof that it was asked for one.
    func claim() throws -> TaskClaim {
        let worker = try worker()
        guard let token = request.headers[.cairnLease].flatMap(LeaseToken.init(rawValue:)) else {
            throw APIError(
                .badRequest, "the header Cairn-Lease is missing or malformed",
                hint: "send the token of the task's lease")
        }
        return TaskClaim(worker: worker, token: token)
    }

    // MARK: The body

    /// The body, as soon as it is known that it is not longer than `limit`.
    func body(limit: Int) async throws -> RequestBody {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw APIError.tooLong(limit: limit)
        }
        // Clients like curl hold a large body back until they are told to send it.
        if request.headers[.expect]?.lowercased() == "100-continue" {
            try await context.channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)))
        }
        return request.body
    }

    /// The body as a message: room for it is set aside before a byte of it is read.
    /// - Parameter memory: where the room is; nil for that of authorized clients.
    func message<Message: Decodable>(
        _ type: Message.Type, limit: Int, in memory: MessageMemory? = nil
    ) async throws -> Message {
        let length = request.headers[.contentLength].flatMap { Int($0) } ?? limit
        let room = try admission.room(
            for: min(length, limit), in: memory ?? admission.messages, of: context.channel)
        defer { withExtendedLifetime(room) {} }
        let body = try await body(limit: limit)
        do {
            let bytes = try await body.collect(upTo: limit)
            return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
        } catch is NIOTooManyBytesError {
            throw APIError.tooLong(limit: limit)
        } catch let error as DecodingError {
            throw APIError(malformed: error)
        }
    }

    // MARK: Waiting

    /// False once the client has hung up; and where there is no network at all.
    var isConnected: Bool { context.channel.isActive }

    /// Performs what may take long, until the client hangs up or the server is to stop.
    func whileWanted<Value: Sendable>(_ operation: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let channel = context.channel
        admission.authorized(channel)
        guard context.hasConnection else { return try await operation() }
        return try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Value.self) { group in
                group.addTask { try await operation() }
                // To look now and then is simpler than a notice, which each request would leave with its connection.
                group.addTask {
                    while channel.isActive { try await Task.sleep(for: .seconds(1)) }
                    throw CancellationError()
                }
                defer { group.cancelAll() }
                guard let value = try await group.next() else { throw CancellationError() }
                return value
            }
        }
    }
}
