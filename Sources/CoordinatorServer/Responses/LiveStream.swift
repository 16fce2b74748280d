import HTTPTypes
import Hummingbird
import NIOCore
import RunProtocol
import ServiceLifecycle

/// Tells a watcher what changes for as long as it stays: server-sent events, as HTML's `EventSource` reads them.
struct LiveStream: Sendable {
    /// The shortest time between two events.
    private static let pause = Duration.milliseconds(500)
    /// After so long an event comes even where nothing has changed.
    private static let waitSeconds = 15.0

    let call: Call
    let run: RunID?
    /// Kept for as long as the answer is.
    let place: Place

    /// - Throws: whenever there is not even a first event.
    func response(after cursor: LiveCursor?) async throws -> Response {
        let first = try await call.api.live(of: run, after: cursor, waitSeconds: 0)
        let event = try Self.event(first)
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .xAccelBuffering: "no"],
            body: ResponseBody { writer in
                try await send(ByteBuffer(string: "retry: 1000\n"), to: &writer)
                try await send(event, to: &writer)
                try await follow(after: first.cursor, to: &writer)
                // A client that has still not taken what came before would not take the end either.
                guard call.context.channel.isWritable else { return call.context.channel.close(promise: nil) }
                try await writer.finish(nil)
            })
    }

    private func follow(after cursor: LiveCursor, to writer: inout any ResponseBodyWriter) async throws {
        var cursor = cursor
        while let update = await next(after: cursor) {
            cursor = update.cursor
            try await send(Self.event(update), to: &writer)
        }
    }

    /// - Returns: nil where there is nothing more to tell: the client has hung up, the server is to stop, or the coordinator
    ///   says no. A client that is still there asks again, and then hears why.
    private func next(after cursor: LiveCursor) async -> LiveUpdate? {
        guard !Task.isShuttingDownGracefully else { return nil }
        return try? await call.whileWanted {
            try await Task.sleep(for: Self.pause)
            return try await call.api.live(of: run, after: cursor, waitSeconds: Self.waitSeconds)
        }
    }

    private func send(_ bytes: ByteBuffer, to writer: inout any ResponseBodyWriter) async throws {
        let channel = call.context.channel
        try await withGracefulShutdownHandler {
            try await writer.write(bytes)
        } onGracefulShutdown: {
            channel.close(promise: nil)
        }
    }

    private static func event(_ update: LiveUpdate) throws -> ByteBuffer {
        var event = ByteBuffer(string: "id: \(update.cursor)\ndata: ")
        event.writeBytes(try Response.encode(update))
        event.writeString("\n\n")
        return event
    }
}
