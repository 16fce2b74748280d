import Hummingbird
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
}
