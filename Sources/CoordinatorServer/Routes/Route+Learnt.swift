import EventFiles
import HTTPTypes
import Hummingbird
import NIOCore
import RunProtocol

extension Route {
    /// For those who watch a run learn.
    static let learnt = [
        Route(.get, "/v1/live") { call in
            let stream = LiveStream(call: call, run: try call.watchedRun(), place: try call.watchers.enter())
            // A browser that takes up a broken connection sends what it heard last, and the address as it was.
            let cursor = call.request.headers[.lastEventID] ?? call.query("after")
            return try await stream.response(after: cursor.flatMap(LiveCursor.init))
        },
        Route(.get, "/v1/runs/{run}/plan") { call in
            let run = try call.run()
            return .file(try await call.api.planText(of: run), type: "text/yaml; charset=utf-8", name: "\(run).yaml")
        },
        Route(.get, "/v1/runs/{run}/metrics.csv") { call in
            let run = try call.run()
            let table = RunTable.csv(try await call.api.status(of: run, after: nil, waitSeconds: 0))
            return .file(table, type: "text/csv; charset=utf-8", name: "\(run).csv")
        },
        Route(.get, "/v1/runs/{run}/pictures/{kind}") { call in
            let (run, stage) = (try call.run(), try call.stage())
            let name = call.context.parameters.get("kind") ?? ""
            let bytes = try await call.whileWanted { try await call.api.picture(name, stage: stage, of: run) }
            return .tagged(
                ByteBuffer(bytes: bytes), digest: Digest(of: bytes), to: call.request,
                headers: [.contentType: "image/png", .cacheControl: "private, no-cache"])
        },
        Route(.get, "/v1/runs/{run}/codes") { call in
            let run = try call.run()
            return try .json(await call.whileWanted { try await call.api.codeMap(of: run) })
        },
        Route(.get, "/v1/runs/{run}/mistakes") { call in
            let run = try call.run()
            return try .json(await call.whileWanted { try await call.api.mistakes(of: run) })
        },
    ]
}

extension HTTPField.Name { static let lastEventID = Self("Last-Event-ID")! }
