import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes
import RunProtocol

/// Holds one connection to its deadlines: performs what `ConnectionProgress` decides, and counts it in `Admission`.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let admission: Admission
    private var progress: ConnectionProgress
    private var context: ChannelHandlerContext?
    private var isCounted = false
    private var timer: (at: Double, scheduled: Scheduled<Void>)?

    init(_ admission: Admission) {
        self.admission = admission
        progress = ConnectionProgress(admission.limits, at: admission.now)
    }

    // MARK: The connection

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // In front of what takes requests apart: a head counts from its first byte on.
        try? context.pipeline.syncOperations.addHandler(ByteWatch(self), position: .first)
        if context.channel.isActive { count() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.scheduled.cancel()
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        count()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.scheduled.cancel()
        timer = nil
        if isCounted { admission.closed(context.channel) }
        context.fireChannelInactive()
    }

    private func count() {
        guard !isCounted, let context else { return }
        isCounted = true
        admission.opened(context.channel)
        schedule()
    }

    /// Closes a connection whose client has hung up, so that nobody waits on its behalf: HTTP lets a client end its side
    /// and go on reading, but none that speaks to a coordinator does so.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
    }

    // MARK: What comes in

    /// - Returns: whether the bytes are wanted.
    fileprivate func received(_ bytes: Int) -> Bool {
        guard let isWanted = progress.received(bytes, at: admission.now) else {
            context?.close(promise: nil)
            return false
        }
        return isWanted
    }

    fileprivate func readingCompleted() {
        schedule()
        // Nobody else asks for what is thrown away.
        if progress.isLingering { context?.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // Only an update is put anywhere.
            progress.receivedHead(
                isUpdate: head.method == .put, isLast: head.headerFields.endConnection, at: admission.now)
            admission.requestBegan(context.channel)
        case .body: break
        case .end: progress.receivedEnd()
        }
        context.fireChannelRead(data)
    }

    // MARK: What goes out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.kind != .informational:
            if progress.answerBegan(isLast: head.headerFields.endConnection) {
                head.headerFields[.connection] = "close"
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .head, .body: context.write(data, promise: promise)
        case .end:
            let sent = promise ?? context.eventLoop.makePromise()
            sent.futureResult.assumeIsolated().whenSuccess { self.answerTaken() }
            context.write(data, promise: sent)
            progress.answerEnded(at: admission.now)
            progress.answerHeldUp(bytes: unsentBytes, at: admission.now)
            admission.requestEnded(context.channel)
            schedule()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            progress.answerMoved(bytes: unsentBytes, at: admission.now)
        } else {
            progress.answerHeldUp(bytes: unsentBytes, at: admission.now)
        }
        schedule()
        context.fireChannelWritabilityChanged()
    }

    private var unsentBytes: Int { (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }

    private func answerTaken() {
        guard progress.answerTaken(at: admission.now), let context else { return }
        context.close(mode: .output, promise: nil)
        schedule()
        context.read()
    }

    // MARK: Deadlines

    private func schedule() {
        guard let context, isCounted, context.channel.isActive, let deadline = progress.deadline else { return }
        // Often a deadline moves on before it comes: the timer looks again then.
        if let timer, timer.at <= deadline { return }
        timer?.scheduled.cancel()
        let delay = TimeAmount.milliseconds(max(1, Int64(((deadline - admission.now) * 1_000).rounded(.up))))
        timer = (deadline, context.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.timePassed() })
    }

    private func timePassed() {
        timer = nil
        guard let context else { return }
        switch progress.timePassed(at: admission.now, unsentBytes: unsentBytes) {
        case .wait: break
        case .close(let limit):
            if let limit { admission.reached(limit, by: context.channel) }
            context.close(promise: nil)
        case .refuse(let limit):
            admission.reached(limit, by: context.channel)
            refuse(Refusal.timeout("a request's head", seconds: admission.limits.headSeconds), context)
        case .fail(let limit):
            admission.reached(limit, by: context.channel)
            context.fireErrorCaught(
                limit == .update
                    ? Refusal.timeout("the update", seconds: admission.limits.updateSeconds)
                    : Refusal.timeout("the message", seconds: admission.limits.messageSeconds))
        }
        schedule()
    }

    /// Answers a request that never came in full.
    private func refuse(_ refusal: Refusal, _ context: ChannelHandlerContext) {
        guard let body = try? Response.encode(APIErrorBody(error: refusal.error)) else { return }
        let head = HTTPResponse(
            status: .requestTimeout,
            headerFields: [
                .contentType: "application/json", .contentLength: "\(body.count)", .cacheControl: "no-store",
                .connection: "close",
            ])
        write(context: context, data: wrapOutboundOut(.head(head)), promise: nil)
        write(context: context, data: wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
        write(context: context, data: wrapOutboundOut(.end(nil)), promise: nil)
        context.flush()
    }
}

/// Tells a `RequestGuard` of every byte, and keeps back those that are not wanted any more.
private final class ByteWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let owner: RequestGuard

    init(_ owner: RequestGuard) { self.owner = owner }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if owner.received(unwrapInboundIn(data).readableBytes) { context.fireChannelRead(data) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        owner.readingCompleted()
    }
}

extension Refusal {
    fileprivate static func timeout(_ what: String, seconds: Double) -> Refusal {
        Refusal(
            .requestTimeout, "\(what) did not come within \(Int(seconds.rounded(.up))) seconds",
            hint: "send it again, over a faster connection")
    }
}

extension HTTPFields {
    /// Whether nothing follows on the connection.
    fileprivate var endConnection: Bool { self[.connection]?.lowercased() == "close" }
}

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
