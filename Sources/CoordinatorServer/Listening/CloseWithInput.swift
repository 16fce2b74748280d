import NIOCore
import NIOHTTPTypes

/// Closes a connection whose client has hung up, so that nobody waits on its behalf.
///
/// HTTP lets a client end its side and go on reading; none that speaks to a coordinator does so.
final class CloseWithInput: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
    }
}
