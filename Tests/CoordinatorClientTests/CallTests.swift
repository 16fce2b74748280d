import CoordinatorClient
import Foundation
import RunProtocol
import Testing

@Suite struct CallTests {
    private let noContent = ScriptedServer.Step.text("HTTP/1.1 204 No Content\r\n\r\n")

    /// Makes a call that must send one request, as `line` says, and give `result`.
    /// - Returns: the request.
    @discardableResult private func sent<Result: Equatable>(
        _ line: String, answering step: ScriptedServer.Step, giving result: Result,
        _ call: (HTTPConnection) throws -> Result
    ) throws -> ScriptedServer.Received {
        let server = try ScriptedServer { _ in [step] }
        defer { server.stop() }
        let given = try call(Example.connection(to: server.url))
        #expect(given == result)
        let request = try #require(server.received.first)
        #expect(server.received.count == 1)
        #expect("\(request.method) \(request.target)" == line)
        return request
    }

    @Test func whatCommandsAsk() throws {
        let (run, status, information) = (Example.run, Example.status, Example.information)
        try sent("GET /v1/info", answering: .json(200, information), giving: information) { try $0.information() }
        let submission = RunSubmission(plan: "name: x", folder: "/data")
        let submitted = try sent("POST /v1/runs", answering: .json(201, status), giving: status) {
            try $0.submit(submission)
        }
        #expect(try JSONDecoder().decode(RunSubmission.self, from: submitted.body) == submission)
        #expect(submitted.headers["content-type"] == "application/json")
        let list = RunList(runs: [status])
        try sent("GET /v1/runs", answering: .json(200, list), giving: list) { try $0.runs() }
        try sent("GET /v1/runs/run-1", answering: .json(200, status), giving: status) { try $0.status(of: run) }
        try sent("GET /v1/runs/run-1?after=6&wait=30.0", answering: .json(200, status), giving: status) {
            try $0.status(of: run, after: 6, waitSeconds: 99)
        }
        let cancelled = try sent("POST /v1/runs/run-1/cancel", answering: .json(200, status), giving: status) {
            try $0.cancel(run)
        }
        #expect(cancelled.headers["content-length"] == "0")
        let export = ExportDescription(part: Example.part, digest: Example.digest, bytes: 5)
        try sent("GET /v1/runs/run-1/exports/fine-tuned", answering: .json(200, export), giving: export) {
            try $0.export(Example.part, of: run)
        }
    }

    @Test func whatWorkersAsk() throws {
        try sent("POST /v1/workers", answering: .json(201, Example.welcome), giving: Example.welcome) {
            try $0.register(Example.registration)
        }
        let wish = LeaseRequest(worker: Example.worker, nonce: "n", waitSeconds: 5)
        let lease = try sent("POST /v1/leases", answering: .json(200, Example.lease), giving: Example.lease) {
            try $0.lease(wish)
        }
        #expect(try JSONDecoder().decode(LeaseRequest.self, from: lease.body) == wish)
        try sent("POST /v1/leases", answering: noContent, giving: nil) { try $0.lease(wish) }
        let reply = HeartbeatReply(abandon: [Example.task])
        try sent("POST /v1/heartbeats", answering: .json(200, reply), giving: reply) {
            try $0.heartbeat(Heartbeat(worker: Example.worker, nonce: "n", tasks: []))
        }
        try sent("POST /v1/tasks/run-1.s0.r3.t1/release", answering: noContent, giving: true) {
            try $0.release(Example.task, TaskRelease(Example.claim))
            return true
        }
    }

    @Test func updatesCarryTheirDigest() throws {
        let line = "PUT /v1/tasks/run-1.s0.r3.t1/update?worker=worker-1"
        let receipt = UpdateReceipt(verdict: .accepted)
        for update in [Data(repeating: 65, count: 3_000_000), Data()] {
            let request = try sent(line, answering: .json(200, receipt), giving: receipt) {
                try $0.deliver(Example.task, by: Example.claim, update: update)
            }
            #expect(request.body == update)
            #expect(request.headers["expect"] == nil)
            #expect(request.headers["cairn-lease"] == Example.token.rawValue)
            if update.isEmpty {
                let digestOfNothing = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
                #expect(request.headers["content-digest"] == digestOfNothing)
            }
        }
    }

    @Test func theTokenIsSent() throws {
        let server = try ScriptedServer { _ in [.json(200, Example.information)] }
        defer { server.stop() }
        _ = try HTTPConnection(ClientConfiguration(url: server.url, token: "hush")).information()
        #expect(server.received.first?.headers["authorization"] == "Bearer hush")
    }

    @Test func connectionsAreKept() throws {
        let server = try ScriptedServer { _ in [.json(200, Example.information)] }
        defer { server.stop() }
        let connection = try Example.connection(to: server.url)
        for _ in 0..<20 { _ = try connection.information() }
        #expect(server.connectionCount == 1)
        Example.onThreads(4) { _ in
            for _ in 0..<10 { _ = try? connection.information() }
        }
        #expect(server.received.count == 60)
        #expect(server.connectionCount <= 4)
    }

    @Test func aConnectionThatWasClosedMeanwhileIsReplaced() throws {
        let server = try ScriptedServer { _ in [.json(200, Example.information), .close] }
        defer { server.stop() }
        let connection = try Example.connection(to: server.url, retrySeconds: 2)
        for _ in 0..<5 { #expect(try connection.information() == Example.information) }
        #expect(server.connectionCount >= 5)
    }
}
