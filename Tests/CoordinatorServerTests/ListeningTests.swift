import CoordinatorServer
import FoundationEssentials
import Glibc
import RunProtocol
import ServiceLifecycle
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct ListeningTests {
    @Test(arguments: [
        ("127.0.0.1:8420", "127.0.0.1", 8420, true), ("[::1]:0", "::1", 0, true),
        ("localhost:65535", "localhost", 65_535, true),
        ("0.0.0.0:80", "0.0.0.0", 80, false), ("[::]:80", "::", 80, false),
        ("node-7.example.org:1", "node-7.example.org", 1, false),
        ("127.evil.example.org:1", "127.evil.example.org", 1, false), ("my_host:8420", "my_host", 8_420, false),
        ("[fe80::1%eth0]:8420", "fe80::1%eth0", 8_420, false), ("[fe80::1%br-0_a.1]:0", "fe80::1%br-0_a.1", 0, false),
    ]) func addressesAreRead(text: String, host: String, port: Int, isLoopback: Bool) throws {
        let address = try #require(ListenAddress(text))
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.isLoopback == isLoopback)
        #expect(ListenAddress("\(address.with(port: 81))") == address.with(port: 81))
        #expect(address.description == text)
        #expect(((try? address.validate(token: false)) != nil) == isLoopback)
        #expect((try? address.validate(token: true)) != nil)
    }

    @Test(arguments: [
        "", ":", "8420", "localhost", "localhost:", ":8420", "localhost:65536", "localhost:-1", "localhost:+1",
        "::1:80",
        "[]:1", "a b:1", "[::1]", "[%eth0]:1", "[fe80::1%]:1", "[fe80::1%a%b]:1", "fe80::1%eth0:1", "host%eth0:1",
        "[my_host]:1", "[fe80::1%e th]:1", "http://localhost:80", "localhost:0x10", "localhost:123456",
    ]) func otherAddressesAreRefused(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test func anUploadThatBreaksOffLeavesNothing() async throws {
        let api = try FakeCoordinator()
        try await withListening(api) { port, _ in
            let connection = try Connection(port: port)
            let digest = contentDigest(of: [UInt8](repeating: 0, count: 1_000))
            try connection.send(
                "PUT \(updatePath) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\nCairn-Lease: \(Examples.token)\r\nContent-Digest: \(digest)\r\n\r\nbegin"
            )
            #expect(try await eventually { api.uploads.count == 1 })
            connection.close()
            #expect(try await eventually { api.uploads.isEmpty })
        }
        #expect(api.memory.withLock { $0.delivered.isEmpty })
    }

    @Test func aClientThatWaitsIsToldToSendItsBody() async throws {
        let api = try FakeCoordinator()
        try await withListening(api) { port, _ in
            let connection = try Connection(port: port)
            let headers =
                "Host: localhost\r\nExpect: 100-continue\r\nCairn-Lease: \(Examples.token)\r\n"
                + "Content-Digest: \(contentDigest(of: Array("abc".utf8)))\r\n"
            try connection.send("PUT \(updatePath) HTTP/1.1\r\nContent-Length: 99999999\r\n\(headers)\r\n")
            #expect(try await eventually { connection.received().hasPrefix("HTTP/1.1 413 ") })
            let other = try Connection(port: port)
            try other.send("PUT \(updatePath) HTTP/1.1\r\nContent-Length: 3\r\n\(headers)\r\n")
            #expect(try await eventually { other.received() == "HTTP/1.1 100 Continue\r\n\r\n" })
            try other.send("abc")
            #expect(try await eventually { other.received().contains("HTTP/1.1 200 OK\r\n") })
            #expect(try await eventually { other.received().hasSuffix(#"{"verdict":"accepted"}"#) })
        }
    }

    @Test func nobodyWaitsForAClientThatHungUp() async throws {
        let api = try FakeCoordinator()
        try await withListening(api) { port, _ in
            let connection = try Connection(port: port)
            try connection.send("GET /v1/runs/\(Examples.run)?after=1&wait=30 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try await eventually { api.memory.withLock { $0.waiting } == 1 })
            connection.close()
            #expect(try await eventually { api.memory.withLock { $0.cancelledWaits } == 1 })
        }
    }

    @Test func aTaskForAClientThatHungUpIsTakenBack() async throws {
        let api = try FakeCoordinator()
        try await withListening(api) { port, _ in
            let connection = try Connection(port: port)
            let body = #"{"nonce":"n","waitSeconds":30,"worker":"unlucky"}"#
            try connection.send(
                "POST /v1/leases HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(try await eventually { api.memory.withLock { $0.waiting } == 1 })
            connection.close()
            #expect(
                try await eventually { api.memory.withLock { $0.released.map(\.claim.worker.rawValue) } == ["unlucky"] }
            )
        }
    }

    @Test func thoseWhoOnlyWaitDoNotHoldUpTheEnd() async throws {
        let api = try FakeCoordinator()
        try await withListening(api) { port, group in
            let connection = try Connection(port: port)
            let body = #"{"nonce":"n","waitSeconds":30,"worker":"patient"}"#
            try connection.send(
                "POST /v1/leases HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(try await eventually { api.memory.withLock { $0.waiting } == 1 })
            await group.triggerGracefulShutdown()
            #expect(try await eventually { connection.received().hasPrefix("HTTP/1.1 503 ") })
            #expect(connection.received().contains("Retry-After: 1\r\n"))
        }
        // Its wait was cut short rather than waited for.
        #expect(api.memory.withLock { $0.cancelledWaits } == 1)
    }

    @Test func aPortInUseIsSaid() async throws {
        let api = try FakeCoordinator()
        try await withListening(api) { port, _ in
            let address = ListenAddress("127.0.0.1:\(port)")!
            let second = HTTPServer(api: api, listen: address, token: nil, logger: quiet)
            await #expect(throws: ListenError.inUse(address)) { try await second.run() }
        }
        #expect(
            ListenError.inUse(ListenAddress("127.0.0.1:8420")!).description
                == "127.0.0.1:8420 is in use by another program; stop it or choose another with --listen")
    }

    @Test func whereOneCannotListenIsSaid() async throws {
        let api = try FakeCoordinator()
        let open = HTTPServer(api: api, listen: ListenAddress("0.0.0.0:0")!, token: nil, logger: quiet)
        await #expect(throws: ListenError.needsToken(ListenAddress("0.0.0.0:0")!)) { try await open.run() }
        // An address for documentation (RFC 5737): no host has it.
        let foreign = HTTPServer(
            api: api, listen: ListenAddress("203.0.113.1:0")!, token: AccessTests.token, logger: quiet)
        let reason = "Cannot assign requested address"
        await #expect(throws: ListenError.unavailable(ListenAddress("203.0.113.1:0")!, reason: reason)) {
            try await foreign.run()
        }
    }
}
