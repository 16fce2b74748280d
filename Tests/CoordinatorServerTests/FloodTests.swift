import CoordinatorServer
import FoundationEssentials
import RunProtocol
import Synchronization
import Testing

/// What many connections, and those that send next to nothing, leave of a server: raw sockets against smaller limits.
@Suite(.timeLimit(.minutes(2)), .serialized) struct FloodTests {
    static let token = AccessTests.token
    static let authorization = "Authorization: Bearer \(token.text)"
    /// 127.0.0.2
    static let other: UInt32 = 2

    /// So many that they would fill the server twice, whichever limit they meet first.
    @Test(arguments: [24, 1_000]) func idleConnectionsOfOneAddressTakeNothingFromAnother(perAddress: Int) async throws {
        var limits = ServerLimits()
        (limits.connections, limits.unauthorizedPerAddress, limits.youngSeconds) = (64, perAddress, 0)
        try await withListening(try FakeCoordinator(), token: Self.token, limits: limits) { port, _ in
            let workers = try (0..<20).map { _ in try Connection(port: port) }
            for worker in workers { try worker.get("/v1/info", [Self.authorization]) }
            #expect(try await eventually { workers.allSatisfy { $0.received().hasPrefix("HTTP/1.1 200 ") } })
            let patient = try Connection(port: port)
            try patient.get("/v1/runs/\(Examples.run)?after=1&wait=1", [Self.authorization])
            let flood = try (0..<140).map { _ in try Connection(port: port, from: Self.other) }
            for path in ["/healthz", "/v1/info"] {
                let newcomer = try Connection(port: port)
                try newcomer.get(path, [Self.authorization])
                #expect(try await eventually { newcomer.received().hasPrefix("HTTP/1.1 200 ") }, "\(path)")
            }
            for worker in workers { try worker.get("/v1/runs", [Self.authorization]) }
            #expect(
                try await eventually {
                    workers.allSatisfy { $0.received().components(separatedBy: "200 OK").count == 3 }
                })
            #expect(try await eventually { patient.received().hasPrefix("HTTP/1.1 200 ") })
            #expect(try await eventually { flood.count { $0.isClosed } >= 140 - 64 })
            let metrics = try Connection(port: port)
            try metrics.get("/metrics", [Self.authorization])
            let limit = perAddress == 24 ? "connections_per_address" : "connections"
            #expect(try await eventually { metrics.received().contains("cairn_limits_total{limit=\"\(limit)\"}") })
            #expect(!metrics.received().contains("cairn_limits_total{limit=\"\(limit)\"} 0\n"))
            #expect(metrics.received().contains("\ncairn_connections "))
        }
    }

    /// Without a token a client counts as soon as it was answered something of a run.
    @Test func withoutATokenWhoWasAnsweredStays() async throws {
        var limits = ServerLimits()
        (limits.connections, limits.youngSeconds) = (16, 0)
        try await withListening(try FakeCoordinator(), limits: limits) { port, _ in
            let (worker, prober) = (try Connection(port: port), try Connection(port: port))
            try worker.get("/v1/info")
            try prober.get("/healthz")
            #expect(try await eventually { [worker, prober].allSatisfy { $0.received().hasPrefix("HTTP/1.1 200 ") } })
            let flood = try (0..<40).map { _ in try Connection(port: port) }
            #expect(try await eventually { prober.isClosed })
            #expect(flood.contains { $0.isClosed })
            try worker.get("/v1/runs")
            #expect(try await eventually { worker.received().contains(#"{"runs":"#) })
        }
    }

    @Test(arguments: [
        "GET /v1/in", "POST /v1/leases HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90\r\n\(authorization)\r\n\r\n{",
        "POST /v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90\r\n\r\n{",
        "POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\(authorization)\r\n\r\n28\r\n{",
        "PUT \(updatePath) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90\r\n\(authorization)\r\n"
            + "Cairn-Lease: \(Examples.token)\r\nContent-Digest: \(contentDigest(of: []))\r\n\r\nx",
    ]) func whatDripsIsGivenUp(beginning: String) async throws {
        var limits = ServerLimits()
        (limits.headSeconds, limits.messageSeconds, limits.updateSeconds) = (0.5, 0.5, 0.5)
        let api = try FakeCoordinator()
        try await withListening(api, token: Self.token, limits: limits) { port, _ in
            let connection = try Connection(port: port)
            try connection.send(beginning)
            // A byte now and then does not help.
            for _ in 0..<4 {
                try await Task.sleep(for: .milliseconds(100))
                try connection.send("1")
            }
            #expect(
                try await eventually { connection.received().hasPrefix("HTTP/1.1 408 ") }, "\(connection.received())")
            #expect(connection.received().contains(#""code":"request_timeout""#))
            #expect(try await eventually { connection.isClosed })
        }
        #expect(api.uploads == [])
    }

    @Test func whoSendsNothingIsHungUpOnWithoutAWord() async throws {
        var limits = ServerLimits()
        limits.headSeconds = 0.3
        try await withListening(try FakeCoordinator(), limits: limits) { port, _ in
            let connection = try Connection(port: port)
            #expect(try await eventually { connection.isClosed })
            #expect(connection.received() == "")
        }
    }

    /// Slow links are honest: an update may take as long as its bytes come in at the least rate.
    @Test func aSlowUpdateArrives() async throws {
        var limits = ServerLimits()
        (limits.updateSeconds, limits.updateBytesPerSecond, limits.messageSeconds) = (0.2, 5, 0.1)
        let api = try FakeCoordinator()
        try await withListening(api, limits: limits) { port, _ in
            let body = Array("twenty bytes in four".utf8)
            let connection = try Connection(port: port)
            try connection.send(
                "PUT \(updatePath) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n"
                    + "Cairn-Lease: \(Examples.token)\r\nContent-Digest: \(contentDigest(of: body))\r\n\r\n")
            for start in stride(from: 0, to: body.count, by: 5) {
                try connection.send(String(decoding: body[start..<start + 5], as: UTF8.self))
                try await Task.sleep(for: .milliseconds(150))
            }
            #expect(
                try await eventually { connection.received().hasPrefix("HTTP/1.1 200 ") }, "\(connection.received())")
        }
        #expect(api.memory.withLock { $0.delivered.count } == 1)
    }
}
