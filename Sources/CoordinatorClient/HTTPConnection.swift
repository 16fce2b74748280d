import FoundationEssentials
package import RunProtocol
import Synchronization

/// A coordinator that is reached over HTTP.
///
/// Calls block the calling thread, and any number of threads may call at once: each takes an open connection from those
/// that are idle, or opens another. All requests are safe to repeat (a lease whose answer was lost expires, an update is
/// known by its task), so whatever may pass is tried again as long as the configuration says.
///
/// Every call throws `APIError` whenever the coordinator says no, and `ConnectionError` whenever it cannot be reached
/// or does not answer as a coordinator does.
package final class HTTPConnection: Sendable {
    let configuration: ClientConfiguration
    let interruption: Interruption
    let blobs = BlobLocks()
    private let idle = Mutex<[Transfer]>([])

    /// - Throws: `ConnectionError` whenever the system has no descriptors or memory left.
    package init(_ configuration: ClientConfiguration) throws(ConnectionError) {
        self.configuration = configuration
        interruption = try Interruption()
    }

    /// Makes calls that only wait (long polls, pauses between retries) end at once, from now on. All others still work.
    package func interrupt() { interruption.signal() }

    /// Sends a request until it is answered, or until `policy` (by default the configuration's) gives up.
    func send(_ request: Request, policy: RetryPolicy? = nil) throws -> Answer {
        var attempts = Attempts(policy ?? configuration.retries)
        while true {
            do {
                return try attempt(request)
            } catch {
                try pause(after: error, &attempts)
            }
        }
    }

    /// Sends a request once.
    func attempt(_ request: Request, receiver: BodyReceiver? = nil) throws(AttemptFailure) -> Answer {
        let transfer: Transfer
        do {
            transfer = try idle.withLock { $0.popLast() } ?? Transfer(configuration)
        } catch {
            throw AttemptFailure(cause: error)
        }
        defer { idle.withLock { $0.append(transfer) } }
        do throws(AttemptFailure) {
            let answer = try transfer.perform(request, interruption: interruption, receiver: receiver)
            guard answer.isSuccess else {
                throw AttemptFailure(answer, request: request, address: configuration.address)
            }
            return answer
        } catch { throw error.through(configuration.proxy) }
    }

    /// Returns when it is time for another attempt; throws the failure's cause when there will be none.
    func pause(after failure: AttemptFailure, _ attempts: inout Attempts) throws {
        guard case .again(let seconds) = attempts.decision(after: failure) else { throw failure.cause }
        configuration.whenRetrying?("\(failure.cause)".asOneLine, seconds)
        guard interruption.sleep(seconds: seconds) else {
            throw ConnectionError(.interrupted, "stopped before another attempt: \("\(failure.cause)".asOneLine)")
        }
    }
}

// MARK: Messages

extension HTTPConnection {
    /// A request whose answer is expected without any waiting.
    func request(_ method: Request.Method, _ path: String) -> Request {
        Request(method: method, path: path, patience: .total(seconds: configuration.requestSeconds))
    }

    func request(_ method: Request.Method, _ path: String, _ message: some Encodable) throws -> Request {
        var request = request(method, path)
        request.headers = ["Content-Type: application/json"]
        request.body = try JSONEncoder().encode(message)
        return request
    }

    /// A request that the coordinator may hold for `seconds`.
    func waiting(_ request: Request, seconds: Double) -> Request {
        var request = request
        request.patience = .total(seconds: seconds + configuration.longPollMarginSeconds)
        request.isWait = true
        return request
    }

    func decode<Message: Decodable>(_ type: Message.Type, from answer: Answer, to request: Request) throws -> Message {
        do {
            return try JSONDecoder().decode(type, from: answer.body)
        } catch {
            let problem = ConnectionError(
                .malformedAnswer,
                "\(configuration.address) answers \(request.name) with something that is not a \(type): "
                    + "is it a coordinator of this version?")
            throw configuration.proxy?.mentioned(in: problem) ?? problem
        }
    }

    func call<Message: Decodable>(_ request: Request, policy: RetryPolicy? = nil) throws -> Message {
        try decode(Message.self, from: send(request, policy: policy), to: request)
    }

    static func clamped(waitSeconds: Double) -> Double {
        waitSeconds > 0 ? min(waitSeconds, Limits.longPollSeconds) : 0
    }
}

/// One lock for each blob's file, so that two threads in want of the same blob download it once.
final class BlobLocks: Sendable {
    /// What is known of a file that is held under its lock.
    private final class Lock: Sendable { let isVerified = Mutex(false) }

    /// To forget a file costs reading it once more.
    private static let mostFiles = 10_000

    private let locks = Mutex<[String: Lock]>([:])

    /// Calls `body` while no other thread works on `path`.
    func withLock(_ path: String, _ body: (inout Bool) throws -> Void) throws {
        let lock = locks.withLock { locks in
            if let lock = locks[path] { return lock }
            if locks.count >= Self.mostFiles { locks.removeAll() }
            let lock = Lock()
            locks[path] = lock
            return lock
        }
        try lock.isVerified.withLock { isVerified in try body(&isVerified) }
    }
}
