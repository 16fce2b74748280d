import CoordinatorServer
import DataFormats
import FoundationEssentials
import Glibc
import HTTPTypes
import HummingbirdTesting
import NIOCore
import RunProtocol
import Synchronization
import Testing

@Suite struct RouteTests {
    @Test(arguments: [false, true]) func whatGoesInComesOut(live: Bool) async throws {
        let api = try FakeCoordinator()
        try await withServer(api, live: live) { client async throws in
            let information = try await client.get("/v1/info")
            #expect(try information.json(CoordinatorInformation.self) == api.information())
            #expect(information.headers[.contentType] == "application/json")
            let run = try await client.post("/v1/runs", RunSubmission(plan: "name: x"))
            #expect(run.status == .created)
            #expect(try run.json(RunStatus.self) == Examples.status)
            #expect(try await client.get("/v1/runs").json(RunList.self) == api.runs())
            let worker = try await client.post("/v1/workers", Examples.registration)
            #expect(worker.status == .created)
            let none = try await client.post(
                "/v1/leases", LeaseRequest(worker: Examples.worker, nonce: "n", waitSeconds: 0))
            #expect(none.status == .noContent)
            #expect(none.headers[.contentLength] == nil)
            let heartbeat = try await client.post(
                "/v1/heartbeats",
                Heartbeat(
                    worker: Examples.worker, nonce: "n",
                    tasks: [TaskProgress(task: Examples.task, token: Examples.token, share: 0.5)]))
            #expect(try heartbeat.json(HeartbeatReply.self).abandon == [Examples.task])
            let release = try await client.post(
                "/v1/tasks/\(Examples.task)/release", TaskRelease(Examples.claim, .failed("no memory")))
            #expect(release.status == .noContent)
            #expect(api.memory.withLock { $0.released } == [TaskRelease(Examples.claim, .failed("no memory"))])
        }
    }

    @Test func everyKindOfWorkArrives() async throws {
        try await withServer(try FakeCoordinator()) { client async throws in
            for index in Examples.work.indices {
                let worker = WorkerID(rawValue: "work-\(index)")!
                let answer = try await client.post(
                    "/v1/leases", LeaseRequest(worker: worker, nonce: "n", waitSeconds: 0))
                #expect(try answer.json(TaskLease.self).task.work == Examples.work[index])
            }
        }
    }

    @Test func keysAreSorted() async throws {
        try await withServer(try FakeCoordinator()) { client async throws in
            let answer = try await client.get("/v1/runs/\(Examples.run)/exports/pretrained")
            #expect(String(decoding: answer.bytes, as: UTF8.self).hasPrefix(#"{"bytes":100000,"digest":""#))
        }
    }

    @Test func waitsAreCapped() async throws {
        let api = try FakeCoordinator()
        try await withServer(api) { client async throws in
            _ = try await client.get("/v1/runs/\(Examples.run)?wait=1000")
            _ = try await client.get("/v1/runs/\(Examples.run)")
            _ = try await client.post("/v1/leases", LeaseRequest(worker: Examples.worker, nonce: "n", waitSeconds: 1e9))
            _ = try await client.post("/v1/leases", LeaseRequest(worker: Examples.worker, nonce: "n", waitSeconds: -5))
        }
        #expect(api.memory.withLock { $0.waits } == [Limits.longPollSeconds, 0, Limits.longPollSeconds, 0])
    }

    @Test func aConnectionGoesOnAfterALongPoll() async throws {
        let api = try FakeCoordinator()
        try await withServer(api, live: true) { client async throws in
            for _ in 0..<3 {
                let answer = try await client.get("/v1/runs/\(Examples.run)?after=7&wait=0.05")
                #expect(try answer.json(RunStatus.self) == Examples.status)
            }
        }
        #expect(api.memory.withLock { ($0.waiting, $0.cancelledWaits) } == (3, 0))
    }

    @Test(arguments: [
        ("{", "the body is not JSON"), ("", "the body is not JSON"), ("[]", "`the body` should be"),
        (#"{"worker":"w","nonce":"n"}"#, "`waitSeconds` is missing"),
        (#"{"worker":"w","waitSeconds":1}"#, "`nonce` is missing"),
        (#"{"worker":5,"nonce":"n","waitSeconds":1}"#, "`worker` should be a string"),
        (#"{"worker":"w","nonce":"n","waitSeconds":null}"#, "`waitSeconds` should be a number"),
        (#"{"worker":"w w","waitSeconds":1}"#, "`worker` is not what it should be"),
    ]) func malformedMessagesAreExplained(body: String, message: String) async throws {
        try await withServer(try FakeCoordinator()) { client async throws in
            let error = try await client.post("/v1/leases", text: body).error
            #expect(error?.code == .badRequest)
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        }
    }

    @Test func aFieldWithinAListIsNamed() async throws {
        try await withServer(try FakeCoordinator()) { client async throws in
            let token = Examples.token
            let body =
                #"{"worker":"w","nonce":"n","tasks":[{"task":"run-1.s0.r1.t0","token":"\#(token)","share":0},"#
                + #"{"task":"x","token":"\#(token)","share":0}]}"#
            let error = try await client.post("/v1/heartbeats", text: body).error
            #expect(error?.message.hasPrefix("`tasks[1].task` is not what it should be") == true)
        }
    }

    @Test(arguments: [
        ("/v1/runs/run-1a2b3c4d?after=x", APIError.Code.badRequest), ("/v1/runs/run-1a2b3c4d?after=-1", .badRequest),
        ("/v1/runs/run-1a2b3c4d?wait=inf", .badRequest), ("/v1/runs/run-1a2b3c4d?wait=nan", .badRequest),
        ("/v1/runs/other", .notFound), ("/v1/runs/%20", .notFound), ("/v1/runs/run-1a2b3c4d/exports/X", .notFound),
        ("/v1/runs/run-1a2b3c4d/exports/fine-tuned", .conflict), ("/v1/blobs/xyz", .notFound), ("/v1", .notFound),
        ("/v1/run", .notFound), ("/v1/info/x", .notFound), ("/v2/info", .notFound),
        ("/v1/workers", .methodNotAllowed), ("/v1/leases?x=1", .methodNotAllowed),
        ("/nowhere", .notFound), ("/index.htm", .notFound), ("/index.html/x", .notFound), ("/%2e%2e", .notFound),
        ("/v1/live?run=%20", .badRequest), ("/v1/live?run=other", .notFound), ("/v1/session", .methodNotAllowed),
        ("/v1/runs/other/plan", .notFound), ("/v1/runs/other/metrics.csv", .notFound),
        ("/v1/runs/run-1a2b3c4d/pictures", .notFound), ("/v1/runs/run-1a2b3c4d/pictures/x", .notFound),
        ("/v1/runs/run-1a2b3c4d/pictures/mistakes", .conflict), ("/v1/runs/other/codes", .conflict),
        ("/v1/runs/other/mistakes", .conflict),
    ]) func whatCannotBeGotIsRefused(uri: String, code: APIError.Code) async throws {
        try await withServer(try FakeCoordinator()) { client async throws in
            #expect(try await client.get(uri).error?.code == code)
        }
    }

    @Test func allowedMethodsAreNamed() async throws {
        try await withServer(try FakeCoordinator()) { client async throws in
            let delete = try await client.executeRequest(uri: "/v1/runs", method: .delete, headers: [:], body: nil)
            #expect(delete.error?.code == .methodNotAllowed)
            #expect(delete.headers[.allow] == "POST, GET")
            let options = try await client.executeRequest(
                uri: "/v1/blobs/x", method: .options, headers: [:], body: nil)
            #expect(options.headers[.allow] == "GET, HEAD")
            #expect(try await client.post("/nowhere", text: "").error?.code == .notFound)
            for (path, allowed) in [
                ("/index.html", "GET, HEAD"), ("/", "GET, HEAD"), ("/healthz", "GET"), ("/v1/session", "POST, DELETE"),
            ] {
                let put = try await client.executeRequest(uri: path, method: .put, headers: [:], body: nil)
                #expect(put.error?.code == .methodNotAllowed)
                #expect(put.headers[.allow] == allowed)
            }
        }
    }

    @Test func whatGoesWrongInsideIsNotTold() async throws {
        try await withServer(try FakeCoordinator()) { client async throws in
            let answer = try await client.post("/v1/runs/other/cancel", text: "")
            #expect(answer.error?.code == .internal)
            #expect(!String(decoding: answer.bytes, as: UTF8.self).contains("password"))
        }
    }

    /// What the host lacks is no fault of the file, and a client tries again.
    @Test func aHostWithoutDescriptorsIsSaid() async throws {
        let api = try FakeCoordinator()
        for code in [EMFILE, ENFILE, ENOMEM] {
            let shortage = try #require(DataError(shortage: code, at: "/secret/blob"))
            api.memory.withLock { $0.shortage = shortage }
            try await withServer(api) { client async throws in
                let answer = try await client.get("/v1/runs/\(Examples.run)/plan")
                #expect(answer.error?.code == .unavailable)
                #expect(answer.error?.hint == (code == ENOMEM ? nil : "raise LimitNOFILE or ulimit -n"))
                #expect(answer.headers[.retryAfter] == "1")
                #expect(!answer.text.contains("secret"))
            }
        }
        for code in [ENOENT, EACCES, EIO] { #expect(DataError(shortage: code, at: "/blob") == nil) }
    }

    @Test(arguments: [false, true]) func longMessagesAreRefused(live: Bool) async throws {
        try await withServer(try FakeCoordinator(), live: live) { client async throws in
            let long = RunSubmission(plan: String(repeating: "x", count: Limits.messageBytes))
            #expect(try await client.post("/v1/runs", RunSubmission(plan: "wrong")).error?.code == .invalidPlan)
            #expect(try await client.post("/v1/runs", long).error?.code == .tooLarge)
        }
    }
}
