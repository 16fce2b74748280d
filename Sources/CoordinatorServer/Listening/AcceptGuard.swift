import NIOCore

/// Keeps a server listening where the system has no descriptor for a connection that waits: a connection is closed, and
/// the next is taken a moment later. To take the error on would end the server, and to try again at once would take a
/// whole core.
final class AcceptGuard: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    private static let pause = TimeAmount.milliseconds(100)

    private let admission: Admission
    private var isPaused = false
    private var wantsToRead = false

    init(_ admission: Admission) { self.admission = admission }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // All that `accept` reports of single connections and of the system; the socket itself still listens.
        guard error is IOError, context.channel.isActive else { return context.fireErrorCaught(error) }
        admission.descriptorsRanOut()
        guard !isPaused else { return }
        isPaused = true
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            self.isPaused = false
            guard self.wantsToRead else { return }
            self.wantsToRead = false
            context.read()
        }
    }

    func read(context: ChannelHandlerContext) {
        guard !isPaused else { return wantsToRead = true }
        context.read()
    }
}
