/// Which connections are closed where there are too many: what has happened comes in, what is to be closed comes out.
///
/// A new connection is always taken. The least valuable one goes for it: of those that never carried an authorized
/// request, that of the address with the most of them which has been idle longest; then the authorized one that has been
/// idle longest. While an authorized client's request is in progress its connection stays. Times are in seconds.
package struct ConnectionLimits<ID: Hashable & Sendable>: Sendable {
    /// A connection that is to be closed, and why.
    package struct Closing: Hashable, Sendable {
        package var id: ID
        package var address: ClientAddress
        package var limit: ServerLimit
    }

    private struct Authorized {
        var address: ClientAddress
        /// Nil while a request is in progress.
        var idleSince: Double?
    }

    private let limits: ServerLimits
    private var addresses: [ID: ClientAddress] = [:]
    /// Those without an authorized request, and since when they are idle.
    private var unauthorized: [ClientAddress: [ID: Double]] = [:]
    private var authorized: [ID: Authorized] = [:]

    package init(_ limits: ServerLimits) { self.limits = limits }
    package var count: Int { addresses.count + authorized.count }

    // MARK: What has happened

    package mutating func opened(_ id: ID, from address: ClientAddress, at now: Double) -> [Closing] {
        addresses[id] = address
        unauthorized[address, default: [:]][id] = now
        var closings: [Closing] = []
        while let own = unauthorized[address], own.count > limits.unauthorizedPerAddress,
            let oldest = own.min(by: { $0.value < $1.value }), now - oldest.value >= limits.youngSeconds
        {
            closings.append(close(oldest.key, address, .connectionsPerAddress))
        }
        while count > limits.connections {
            guard let closing = leastValuable() else { break }
            closings.append(close(closing.0, closing.1, .connections))
        }
        return closings
    }

    /// The request in progress is an authorized client's.
    package mutating func authorized(_ id: ID) {
        if let address = addresses[id] {
            forget(id)
            authorized[id] = Authorized(address: address)
        }
        authorized[id]?.idleSince = nil
    }

    package mutating func requestBegan(_ id: ID) { authorized[id]?.idleSince = nil }

    package mutating func requestEnded(_ id: ID, at now: Double) {
        authorized[id]?.idleSince = now
        if let address = addresses[id] { unauthorized[address]?[id] = now }
    }

    package mutating func closed(_ id: ID) { forget(id) }

    /// The system gives no more descriptors.
    package mutating func descriptorsRanOut() -> Closing? {
        leastValuable().map { close($0.0, $0.1, .descriptors) }
    }

    // MARK: What is closed

    private func leastValuable() -> (ID, ClientAddress)? {
        let idle = authorized.lazy.compactMap { id, connection in connection.idleSince.map { (id, $0) } }
        if addresses.count <= limits.newcomers, let oldest = idle.min(by: { $0.1 < $1.1 }) {
            return (oldest.0, authorized[oldest.0]?.address ?? .none)
        }
        let most = unauthorized.values.lazy.map(\.count).max()
        return unauthorized.lazy.filter { $0.value.count == most }.compactMap { address, own in
            own.min { $0.value < $1.value }.map { (id: $0.key, address: address, since: $0.value) }
        }.min { $0.since < $1.since }.map { ($0.id, $0.address) }
    }

    private mutating func close(_ id: ID, _ address: ClientAddress, _ limit: ServerLimit) -> Closing {
        forget(id)
        return Closing(id: id, address: address, limit: limit)
    }

    private mutating func forget(_ id: ID) {
        authorized[id] = nil
        guard let address = addresses.removeValue(forKey: id) else { return }
        unauthorized[address]?[id] = nil
        if unauthorized[address]?.isEmpty == true { unauthorized[address] = nil }
    }
}
