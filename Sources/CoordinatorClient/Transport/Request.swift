import FoundationEssentials

/// One HTTP request to the coordinator.
struct Request: Sendable {
    enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    /// What ends an attempt that does not get on.
    enum Patience: Hashable, Sendable {
        /// The whole attempt may take this long.
        case total(seconds: Double)
        /// It may take any time, unless nothing moves for this long.
        case stall(seconds: Double)
    }

    var method: Method
    /// With the query.
    var path: String
    var headers: [String] = []
    var body: Data?
    var patience: Patience
    /// The request does nothing but wait, and ends as soon as its connection is interrupted.
    var isWait = false

    /// For messages.
    var name: String { "\(method.rawValue) \(path.prefix { $0 != "?" })" }
}

/// What the coordinator answered.
struct Answer: Sendable {
    var status: Int
    var retryAfterSeconds: Double?
    /// Empty where the bytes went elsewhere.
    var body: Data

    var isSuccess: Bool { (200...299).contains(status) }
}

/// Where the body of a successful answer goes instead of into memory: its bytes as they come, with the answer's status.
typealias BodyReceiver = (_ bytes: UnsafeRawBufferPointer, _ status: Int) throws -> Void
