import EventFiles
import HTTPTypes
import Hummingbird
import NIOCore
import RunProtocol

extension Route {
    /// For those who start runs, watch them and fetch what came out.
    static let runs = [
        Route(.get, "/v1/info") { call in try .json(await call.api.information()) },
        Route(.post, "/v1/runs") { call in
            try .json(
                await call.api.submit(call.message(RunSubmission.self, limit: MessageLimit.submission)),
                status: .created)
        },
        Route(.get, "/v1/runs") { call in try .json(await call.api.runs()) },
        Route(.get, "/v1/runs/{run}") { call in
            let (run, revision, seconds) = (try call.run(), try call.revision(), try call.waitSeconds())
            return try .json(
                await call.whileWanted {
                    try await call.api.status(of: run, after: revision, waitSeconds: seconds)
                })
        },
        Route(.get, "/v1/runs/{run}/events") { call in
            try .json(await call.api.journal(of: call.run(), after: call.revision() ?? 0))
        },
        Route(.post, "/v1/runs/{run}/cancel") { call in try .json(await call.api.cancel(call.run())) },
        Route(.get, "/v1/garbage") { call in
            try .json(await call.api.garbage(olderThan: call.secondsOld()))
        },
        Route(.delete, "/v1/garbage") { call in
            try .json(await call.api.deleteGarbage(olderThan: call.secondsOld()))
        },
        Route(.get, "/v1/runs/{run}/exports/{part}") { call in
            try .json(await call.api.export(call.part(), of: call.run()))
        },
    ]

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
        Route(.get, "/v1/runs/{run}/pictures/{name}") { call in
            let (run, stage) = (try call.run(), try call.stage())
            let name = call.context.parameters.get("name") ?? ""
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
