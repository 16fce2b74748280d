import HTTPTypes
import Hummingbird
import RunProtocol

extension Route {
    /// For workers: the life of a task.
    static let workers = [
        Route(.post, "/v1/workers") { call in
            try .json(
                await call.api.register(call.message(WorkerRegistration.self, limit: MessageLimit.registration)),
                status: .created)
        },
        Route(.post, "/v1/leases") { call in
            let message = try await call.message(LeaseRequest.self, limit: MessageLimit.lease)
            let seconds = min(max(0, message.waitSeconds), Limits.longPollSeconds)
            let request = LeaseRequest(worker: message.worker, nonce: message.nonce, waitSeconds: seconds)
            let wasConnected = call.isConnected
            let lease = try await call.whileWanted { try await call.api.lease(request) }
            // A worker that has hung up never hears of its task, which others would get only when its lease has run out.
            if let lease, wasConnected, !call.isConnected {
                try await call.api.release(
                    lease.task.id, TaskRelease(TaskClaim(worker: message.worker, token: lease.token)))
            }
            return try lease.map { try .json($0) } ?? .bodiless(.noContent)
        },
        Route(.post, "/v1/heartbeats") { call in
            try .json(await call.api.heartbeat(call.message(Heartbeat.self, limit: MessageLimit.heartbeat)))
        },
        Route(.post, "/v1/tasks/{task}/release") { call in
            try await call.api.release(call.task(), call.message(TaskRelease.self, limit: MessageLimit.release))
            return .bodiless(.noContent)
        },
        Route(.post, "/v1/workers/{worker}/leave") { call in
            try await call.api.leave(call.namedWorker(), call.message(WorkerLeave.self, limit: MessageLimit.leave))
            return .bodiless(.noContent)
        },
        Route(.put, "/v1/tasks/{task}/update") { call in try .json(await update(call)) },
    ]

    private static func update(_ call: Call) async throws -> UpdateReceipt {
        let (task, claim) = (try call.task(), try call.claim())
        guard let digest = call.request.headers[.contentDigest].flatMap(Digest.init(contentDigest:)) else {
            throw APIError(
                .badRequest, "the header Content-Digest is missing or malformed",
                hint: "send the body's SHA-256: Content-Digest: sha-256=:BASE64:")
        }
        let limit = try await call.api.updateLimit(of: task, by: claim)
        do {
            let file = try await Upload.receive(
                call.body(limit: limit), limit: limit, digest: digest, into: call.api.uploadFolder)
            return try await call.api.deliver(task, by: claim, update: file)
        } catch let error as UploadFailure {
            await call.api.uploadFailed(because: "\(error)")
            throw APIError(.storageFull, "\(error)", hint: error.hint)
        }
    }
}
