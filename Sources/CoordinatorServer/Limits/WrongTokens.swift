/// When a wrong token is answered: some at once, then one after the other, so that nobody finds the right one by trying.
///
/// One number is kept for an address: until when its answers are spoken for, in seconds.
package struct WrongTokens: Sendable {
    package enum Decision: Hashable, Sendable {
        case answer(afterSeconds: Double)
        /// Too many of the same address wait already.
        case refuse
    }

    /// Of more addresses the one that is free again first is forgotten.
    package static let addresses = 4_096

    private let limits: ServerLimits
    private var busyUntil: [ClientAddress: Double] = [:]

    package init(_ limits: ServerLimits) { self.limits = limits }

    /// A wrong token came in.
    package mutating func received(from address: ClientAddress, at now: Double) -> Decision {
        let end = max(busyUntil[address] ?? now, now) + limits.wrongTokenSeconds
        let delay = max(0, end - now - limits.wrongTokenBurst * limits.wrongTokenSeconds)
        guard delay <= limits.wrongTokensWaiting * limits.wrongTokenSeconds else { return .refuse }
        if busyUntil[address] == nil, busyUntil.count >= Self.addresses { makeRoom(at: now) }
        busyUntil[address] = end
        return .answer(afterSeconds: delay)
    }

    private mutating func makeRoom(at now: Double) {
        busyUntil = busyUntil.filter { $0.value > now }
        guard busyUntil.count >= Self.addresses, let first = busyUntil.min(by: { $0.value < $1.value }) else { return }
        busyUntil[first.key] = nil
    }
}
