/// How a coordinator is reached: told to people, who start workers.
package struct Reach: Hashable, Sendable {
    /// The URL on its own host.
    package var own: String
    /// URLs at which other hosts reach it; none where it listens on its own host alone.
    package var addresses: [String]
    package var needsToken: Bool

    package init(own: String, addresses: [String], needsToken: Bool) {
        (self.own, self.addresses, self.needsToken) = (own, addresses, needsToken)
    }

    /// What starts a worker.
    var command: String {
        let token = needsToken ? " --token-file FILE" : ""
        let place = addresses.isEmpty ? " (on this host: it listens on no other)" : ""
        return "`cairn worker --coordinator \(addresses.first ?? own)\(token)`\(place)"
    }
}

extension Coordinator {
    /// It takes requests.
    package func isReached(_ reach: Reach) { self.reach = reach }
}
