import Logging
import NIOCore
import PrometheusMetrics
import RunProtocol
import ServiceLifecycle
import Synchronization

/// Everything that one server lets in: connections, messages, tries of tokens.
final class Admission: Sendable {
    private struct State {
        var connections: ConnectionLimits<ObjectIdentifier>
        var channels: [ObjectIdentifier: any Channel] = [:]
        var wrongTokens: WrongTokens
    }

    let limits: ServerLimits
    /// For the messages of those who have the token, and of those who have not shown it yet.
    let messages, logins: MessageMemory
    private let reports: LimitReports
    private let state: Mutex<State>
    private let start = ContinuousClock.now

    init(_ limits: ServerLimits, logger: Logger) {
        self.limits = limits
        messages = MessageMemory(limit: limits.messageBytes)
        logins = MessageMemory(limit: limits.loginBytes)
        reports = LimitReports(logger: logger)
        state = Mutex(State(connections: ConnectionLimits(limits), wrongTokens: WrongTokens(limits)))
    }

    /// Seconds since the start.
    var now: Double { (ContinuousClock.now - start) / .seconds(1) }

    var metrics: String {
        PrometheusText.render(reports.families(connections: state.withLock { $0.connections.count }))
    }

    func reached(_ limit: ServerLimit, by channel: any Channel) {
        reports.reached(limit, by: ClientAddress(channel.remoteAddress?.ipAddress), at: now)
    }

    // MARK: Connections

    func opened(_ channel: any Channel) {
        let (id, address, now) = (ObjectIdentifier(channel), ClientAddress(channel.remoteAddress?.ipAddress), now)
        close { state in
            state.channels[id] = channel
            return state.connections.opened(id, from: address, at: now)
        }
    }

    /// A request that is in progress on `channel` may be answered.
    func authorized(_ channel: any Channel) {
        state.withLock { $0.connections.authorized(ObjectIdentifier(channel)) }
    }

    func requestBegan(_ channel: any Channel) {
        state.withLock { $0.connections.requestBegan(ObjectIdentifier(channel)) }
    }

    func requestEnded(_ channel: any Channel) {
        let now = now
        state.withLock { $0.connections.requestEnded(ObjectIdentifier(channel), at: now) }
    }

    func closed(_ channel: any Channel) {
        state.withLock { state in
            state.channels[ObjectIdentifier(channel)] = nil
            state.connections.closed(ObjectIdentifier(channel))
        }
    }

    func descriptorsRanOut() {
        reports.reached(.descriptors, by: .none, at: now)
        close { state in state.connections.descriptorsRanOut().map { [$0] } ?? [] }
    }

    private func close(_ decide: (inout State) -> [ConnectionLimits<ObjectIdentifier>.Closing]) {
        let closings = state.withLock { state in
            decide(&state).map { ($0, state.channels.removeValue(forKey: $0.id)) }
        }
        for (closing, channel) in closings {
            if closing.limit != .descriptors { reports.reached(closing.limit, by: closing.address, at: now) }
            channel?.close(promise: nil)
        }
    }

    // MARK: Requests

    /// - Returns: room for a message, to be held for as long as its bytes are.
    /// - Throws: `.unavailable` whenever there is none.
    func room(for bytes: Int, in memory: MessageMemory, of channel: any Channel) throws(Refusal) -> Place {
        if let room = memory.reserve(bytes) { return room }
        reached(.messageMemory, by: channel)
        throw Refusal(.unavailable, "too many messages come in at once", hint: "try again soon")
    }

    /// A client on `channel` tried a wrong token: returns when it is time to say so.
    /// - Throws: `.tooManyRequests` whenever others of its address wait for that already.
    func wrongToken(on channel: any Channel) async throws {
        let (address, now) = (ClientAddress(channel.remoteAddress?.ipAddress), now)
        // Without a network there is nobody to be kept away.
        guard address != .none else { return }
        switch state.withLock({ $0.wrongTokens.received(from: address, at: now) }) {
        case .answer(let seconds) where seconds > 0:
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(seconds)) }
        case .answer: return
        case .refuse:
            reached(.wrongTokens, by: channel)
            throw Refusal(
                .tooManyRequests, "too many wrong tokens come from \(address)",
                hint: "take the token that the coordinator was started with; it is never held up")
        }
    }
}

/// An error after which the connection is closed, whatever the client still sends.
struct Refusal: Error {
    let error: APIError

    init(_ code: APIError.Code, _ message: String, hint: String? = nil) {
        error = APIError(code, message, hint: hint)
    }
}
