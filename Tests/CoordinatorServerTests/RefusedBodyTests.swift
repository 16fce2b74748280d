import CoordinatorServer
import FoundationEssentials
import Glibc
import HTTPTypes
import HummingbirdTesting
import Logging
import RunProtocol
import Synchronization
import Testing

/// What becomes of a body that is not wanted, and of one that is not what it says.
@Suite(.timeLimit(.minutes(2)), .serialized) struct RefusedBodyTests {
    static let token = AccessTests.token
    static let authorization = FloodTests.authorization

    private func post(_ path: String, _ length: Int, _ more: String...) -> String {
        (["POST \(path) HTTP/1.1", "Host: localhost", "Content-Length: \(length)"] + more + ["", ""])
            .joined(separator: "\r\n")
    }

    /// The client sees its answer, and the server does not take a gigabyte for it.
    @Test(arguments: [
        ("/v1/leases", 401, false), ("/v1/leases", 413, true), ("/v1/runs", 413, true), ("/nowhere", 404, true),
        ("/nowhere", 401, false), ("/v1/info", 405, true), ("/v1/runs/other/exports/x", 405, true),
        ("/v1/session", 413, false), ("/healthz", 405, false), ("/v1/runs/\(Examples.run)/cancel", 200, true),
    ]) func whatIsAnsweredBeforeItsBodyEndsTheConnection(path: String, status: Int, hasToken: Bool) async throws {
        var limits = ServerLimits()
        limits.lingerSeconds = 0.5
        try await withListening(try FakeCoordinator(), token: Self.token, limits: limits) { port, _ in
            let connection = try Connection(port: port)
            try connection.send(post(path, 1 << 30, hasToken ? Self.authorization : "X: y"))
            #expect(try await connection.pour(limit: 1 << 30) < 64 << 20)
            #expect(connection.received().hasPrefix("HTTP/1.1 \(status) "), "\(connection.received())")
            #expect(connection.received().contains("\r\nConnection: close\r\n"))
        }
    }

    /// What came in full leaves the connection as it was.
    @Test func aRefusedMessageThatIsThereKeepsTheConnection() async throws {
        try await withListening(try FakeCoordinator(), token: Self.token) { port, _ in
            let connection = try Connection(port: port)
            try connection.send(post("/v1/leases", 2) + "{}")
            #expect(try await eventually { connection.received().hasPrefix("HTTP/1.1 401 ") })
            #expect(!connection.received().contains("Connection: close"))
            try connection.send(post("/v1/leases", 2, Self.authorization) + "{}")
            #expect(try await eventually { connection.received().contains("HTTP/1.1 400 ") })
            try connection.get("/v1/runs", [Self.authorization])
            #expect(try await eventually { connection.received().contains("HTTP/1.1 200 ") })
        }
    }

    @Test func messagesShareTheirMemory() async throws {
        var limits = ServerLimits()
        // Room for one message of 60,000 bytes.
        limits.messageBytes = 500_000
        try await withListening(try FakeCoordinator(), token: Self.token, limits: limits) { port, _ in
            let expect = "Expect: 100-continue"
            let first = try Connection(port: port)
            let plan = #"{"plan":"x"}"# + String(repeating: " ", count: 60_000 - 12)
            try first.send(post("/v1/runs", 60_000, Self.authorization, expect))
            #expect(try await eventually { first.received() == "HTTP/1.1 100 Continue\r\n\r\n" })
            // Without a length it may be as long as the longest plan.
            let chunked = "POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
            for request in [
                post("/v1/runs", 60_000, Self.authorization, expect), chunked + Self.authorization + "\r\n\r\n",
            ] {
                let second = try Connection(port: port)
                try second.send(request)
                #expect(try await eventually { second.received().hasPrefix("HTTP/1.1 503 ") }, "\(second.received())")
                #expect(second.received().contains("\r\nRetry-After: 1\r\n"))
                #expect(try await eventually { second.isClosed })
            }
            // Small ones still have room, and those who have no token yet have their own.
            let small = try Connection(port: port)
            try small.send(post("/v1/runs", 12, Self.authorization) + #"{"plan":"x"}"#)
            #expect(try await eventually { small.received().hasPrefix("HTTP/1.1 201 ") })
            try first.send(plan)
            #expect(try await eventually { first.received().contains("HTTP/1.1 201 ") })
            // The first has given its memory back.
            let third = try Connection(port: port)
            try third.send(post("/v1/runs", 60_000, Self.authorization) + plan)
            #expect(try await eventually { third.received().hasPrefix("HTTP/1.1 201 ") })
        }
    }

    @Test(arguments: [
        ("/v1/leases", 16 << 10), ("/v1/workers", 16 << 10), ("/v1/workers/w-1/leave", 16 << 10),
        ("/v1/heartbeats", 512 << 10),
        ("/v1/tasks/\(Examples.task)/release", 64 << 10), ("/v1/runs", 4 << 20),
    ]) func eachMessageHasALengthOfItsOwn(path: String, limit: Int) async throws {
        try await withServer(try FakeCoordinator()) { client async throws in
            let text = String(repeating: " ", count: limit)
            #expect(try await client.post(path, text: text + " ").error?.code == .tooLarge)
            #expect(try await client.post(path, text: text).error?.code == .badRequest)
        }
    }

    /// Whatever `Limits` let a message hold has room in it.
    @Test func theLongestHeartbeatFits() async throws {
        let name = String(repeating: "n", count: 40)
        let worker = try #require(WorkerID(rawValue: name))
        let task = try #require(TaskID("\(name).s999999999.r999999999.t999999999"))
        let progress = TaskProgress(
            task: task, token: LeaseToken(worker: worker, code: (0..<32).map { $0 }), share: 1 / 3, activity: .max)
        let heartbeat = Heartbeat(
            worker: worker, nonce: String(repeating: "f", count: 64),
            tasks: Array(repeating: progress, count: Limits.slots), trouble: String(repeating: "\"", count: 10_000))
        let registration = WorkerRegistration(
            host: String(repeating: "\"", count: 256), processID: .max, nonce: String(repeating: "f", count: 64),
            slots: Limits.slots, version: String(repeating: "\"", count: 256),
            instructionSet: String(repeating: "\"", count: 256))
        try await withServer(try FakeCoordinator()) { client async throws in
            #expect(try await client.post("/v1/heartbeats", heartbeat).status == .ok)
            #expect(try await client.post("/v1/workers", registration).status == .created)
        }
    }

    // MARK: Wrong tokens

    /// Whatever path it is tried on. The answers that wait come at once when the server ends.
    @Test func wrongTokensAreHeldUpAndTheRightOneIsNot() async throws {
        var limits = ServerLimits()
        (limits.wrongTokenBurst, limits.wrongTokenSeconds, limits.wrongTokensWaiting) = (3, 30, 2)
        let body = #"{"token":"wrong-wrong-wrong-wrong"}"#
        let wrong = [
            "GET /v1/info HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong-wrong-wrong\r\n\r\n",
            "GET /v1/info HTTP/1.1\r\nHost: localhost\r\nCookie: cairn-session=wrong\r\n\r\n",
            post("/v1/session", body.utf8.count) + body,
        ]
        let log = RecordedLog()
        try await withListening(
            try FakeCoordinator(), token: Self.token, logger: Logger(label: "tests") { _ in log }, limits: limits
        ) { port, _ in
            let tries = try (0..<12).map { index in
                let connection = try Connection(port: port)
                try connection.send(wrong[index % wrong.count])
                return connection
            }
            func count(_ status: Int) -> Int { tries.count { $0.received().hasPrefix("HTTP/1.1 \(status) ") } }
            #expect(try await eventually { count(401) == 3 && count(429) == 7 })
            #expect(try await eventually { tries.count { $0.isClosed } == 7 })
            let (right, stranger) = (try Connection(port: port), try Connection(port: port, from: FloodTests.other))
            try right.get("/v1/info", [Self.authorization])
            try stranger.send(wrong[0])
            #expect(try await eventually { right.received().hasPrefix("HTTP/1.1 200 ") })
            #expect(try await eventually { stranger.received().hasPrefix("HTTP/1.1 401 ") })
            // Who has none yet has not tried.
            try stranger.get("/v1/info")
            #expect(count(401) == 3)
        }
        #expect(log.lines(of: .warning).contains { $0.contains("wrong tokens (127.0.0.1") })
    }

    // MARK: What is broken

    @Test(arguments: [
        "POST /v1/leases HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /v1/leases HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n",
        "POST /v1/leases HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "PUT \(updatePath) HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
            + "Cairn-Lease: \(Examples.token)\r\nContent-Digest: \(contentDigest(of: []))\r\n\r\nzz\r\n",
        "POST /v1/leases HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", "GET\r\n\r\n", "\u{1}\u{2}\u{3}",
        "GET /healthz HTTP/1.1\r\nX: " + String(repeating: "x", count: 32 << 10) + "\r\n\r\n",
    ]) func whatIsNotHTTPIsABadRequest(text: String) async throws {
        let log = RecordedLog()
        try await withListening(try FakeCoordinator(), logger: Logger(label: "tests") { _ in log }) { port, _ in
            let connection = try Connection(port: port)
            try connection.send(text)
            #expect(
                try await eventually { connection.received().hasPrefix("HTTP/1.1 400 ") }, "\(connection.received())")
            #expect(try await eventually { connection.isClosed })
        }
        #expect(log.lines(of: .error) == [])
    }

    @Test(arguments: [false, true]) func whoHangsUpIsNoError(rudely: Bool) async throws {
        let log = RecordedLog()
        let api = try FakeCoordinator()
        try await withListening(api, logger: Logger(label: "tests") { _ in log }) { port, _ in
            for request in [
                post("/v1/leases", 90) + "{",
                "GET /v1/runs/\(Examples.run)?after=1&wait=30 HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET /v1/blobs/\(api.blobDigest) HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /v1",
                "PUT \(updatePath) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90\r\nCairn-Lease: \(Examples.token)\r\n"
                    + "Content-Digest: \(contentDigest(of: []))\r\n\r\nx",
            ] {
                let connection = try Connection(port: port)
                try connection.send(request)
                try await Task.sleep(for: .milliseconds(50))
                connection.close(rudely: rudely)
            }
            #expect(try await eventually { api.memory.withLock { $0.cancelledWaits } == 1 && api.uploads.isEmpty })
        }
        #expect(log.lines(of: .error) == [])
    }
}
