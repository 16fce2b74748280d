import RunProtocol

/// What a server takes at most: `docs/protocol.md` lists the same under "Limits". Tests set less.
package struct ServerLimits: Hashable, Sendable {
    /// Connections at once. A worker has one a slot at most, and one for heartbeats.
    package var connections = 4_096
    /// Connections of one address that never carried an authorized request. A young one may be one more: a hundred
    /// workers come back in the same instant.
    package var unauthorizedPerAddress = 256
    package var youngSeconds = 1.0

    /// A request's head has to be there so long after its first byte; a connection's first head after its opening.
    package var headSeconds = 20.0
    /// A message has to be there so long after its head.
    package var messageSeconds = 30.0
    /// An update has to be there so long after its head, and a second later for each `updateBytesPerSecond`.
    package var updateSeconds = 60.0
    package var updateBytesPerSecond = 4_096.0
    /// A client of which the network takes no byte of an answer for so long is hung up on.
    package var answerSeconds = 60.0
    /// A connection on which nothing comes in between requests is closed.
    package var idleSeconds = 90.0
    /// After the last answer the client may take so long, and still send so much, before the connection is cut.
    package var lingerSeconds = 2.0
    package var lingerBytes = 1 << 20

    /// Messages of authorized clients that are being received, all together; each finds room while there is eight times as
    /// much.
    package var messageBytes = 64 << 20
    /// The same of those who have no token yet.
    package var loginBytes = 1 << 20

    /// Wrong tokens of one address that are answered at once, as long as there were none before.
    package var wrongTokenBurst = 10.0
    /// Afterwards one is answered in so many seconds.
    package var wrongTokenSeconds = 1.0
    /// Answers to wrong tokens of one address that wait; more are refused.
    package var wrongTokensWaiting = 4.0

    package init() {}

    /// Room for newcomers: idle connections of authorized clients are closed for them until there are so many.
    var newcomers: Int { max(1, connections / 16) }
    /// Connections that are accepted and not yet counted, or decided to be closed and not yet gone.
    var connectionsInPassing: Int { 8 + connections / 32 }

    /// - Returns: the same with no more connections than there are descriptors for, each with a file of its own beside.
    func fitting(descriptors: DescriptorLimit) -> ServerLimits {
        var limits = self
        limits.connections = max(1, min(connections, (descriptors.limit - descriptors.open) / 2 - 8))
        return limits
    }
}

/// The longest message of each kind, from what a message can hold at the extremes of `Limits`.
enum MessageLimit {
    /// Four texts of 256 bytes, each of which JSON may write as six.
    static let registration = 16 << 10
    static let lease = 16 << 10
    static let leave = 16 << 10
    /// `Limits.slots` tasks with their names and tokens: some 300 bytes each.
    static let heartbeat = 512 << 10
    /// A reason of some length, of which a thousand characters are kept.
    static let release = 64 << 10
    /// A plan of `Limits.planBytes` with what JSON adds.
    static let submission = Limits.messageBytes
    /// A token of the greatest length, every character escaped once.
    static let session = 4 * AccessToken.length.upperBound
}
