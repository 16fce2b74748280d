import CoordinatorServer
import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import RunProtocol
import ServiceLifecycle
import Synchronization
import Testing

/// What those who watch are told, and for how long.
@Suite(.timeLimit(.minutes(2))) struct LiveTests {
    static let uri = "/v1/live?run=\(Examples.run)"

    @Test func everyChangeIsAnEvent() async throws {
        let api = try FakeCoordinator()
        api.memory.withLock { ($0.changes, $0.isStopping) = (3, true) }
        try await withServer(api) { client async throws in
            let answer = try await client.get(Self.uri)
            #expect(answer.status == .ok)
            #expect(answer.headers[.contentType] == "text/event-stream")
            #expect(answer.headers[.cacheControl] == "no-store")
            #expect(answer.headers[.init("X-Accel-Buffering")!] == "no")
            #expect(answer.headers[.contentLength] == nil)
            #expect(answer.text.hasPrefix("retry: 1000\nid: 7.1\ndata: {"))
            let events = try Events(answer.text)
            #expect(events.ids == ["7.1", "7.2", "7.3"])
            // Names and texts of others, markup and line ends within, are what they were.
            #expect(events.updates == [Examples.everything, Examples.update(2), Examples.update(3)])
        }
    }

    @Test(arguments: [
        (nil, ["7.1", "7.2", "7.3"]), ("7.2", ["7.3"]), ("7.1", ["7.2", "7.3"]), ("6.2", ["7.1", "7.2", "7.3"]),
        ("", ["7.1", "7.2", "7.3"]), ("7", ["7.1", "7.2", "7.3"]), ("7.-1", ["7.1", "7.2", "7.3"]),
        ("07.2", ["7.1", "7.2", "7.3"]), ("x.y", ["7.1", "7.2", "7.3"]),
    ]) func aWatcherGoesOnWhereItWas(lastEventID: String?, ids: [String]) async throws {
        let api = try FakeCoordinator()
        api.memory.withLock { ($0.changes, $0.isStopping) = (3, true) }
        var headers: HTTPFields = [:]
        headers[.init("Last-Event-ID")!] = lastEventID
        try await withServer(api) { [headers] client async throws in
            #expect(try Events(try await client.get(Self.uri, headers).text).ids == ids)
        }
    }

    /// What a broken connection's browser heard last counts more than the address that it asks again.
    @Test(arguments: [
        ("7.2", nil, ["7.3"]), ("7.1", "7.2", ["7.3"]), ("7.2", "6.1", ["7.1", "7.2", "7.3"]),
        ("6.2", nil, ["7.1", "7.2", "7.3"]), ("x", nil, ["7.1", "7.2", "7.3"]), ("", nil, ["7.1", "7.2", "7.3"]),
    ]) func aPageThatComesBackAsksForWhatItMissed(after: String, lastEventID: String?, ids: [String]) async throws {
        let api = try FakeCoordinator()
        api.memory.withLock { ($0.changes, $0.isStopping) = (3, true) }
        var headers: HTTPFields = [:]
        headers[.init("Last-Event-ID")!] = lastEventID
        try await withServer(api) { [headers] client async throws in
            #expect(try Events(try await client.get(Self.uri + "&after=\(after)", headers).text).ids == ids)
        }
    }

    @Test func whereThereIsNoFirstEventTheErrorIsTold() async throws {
        let (api, watchers) = (try FakeCoordinator(), Watchers())
        api.memory.withLock { $0.isStopping = true }
        try await withServer(api, watchers: watchers) { client async throws in
            #expect(try await client.get("/v1/live?run=other").error?.code == .notFound)
            #expect(try await client.get("/v1/live?run=").error?.code == .badRequest)
            let answer = try await client.get(Self.uri, [.init("Last-Event-ID")!: "7.1"])
            #expect(answer.error?.code == .unavailable)
        }
        #expect(watchers.count == 0)
    }

    @Test(arguments: [false, true]) func noMoreMayWatchThanTheLimit(live: Bool) async throws {
        let (api, watchers) = (try FakeCoordinator(), Watchers())
        api.memory.withLock { $0.isStopping = true }
        var places = try (0..<Watchers.limit).map { _ in try watchers.enter() }
        try await withServer(api, live: live, watchers: watchers) { client async throws in
            let refused = try await client.get(Self.uri)
            #expect(refused.error?.code == .tooManyRequests)
            #expect(refused.headers[.retryAfter] == "1")
            #expect(try await client.get("/v1/info").status == .ok)
        }
        #expect(watchers.count == places.count)
        places.removeLast()
        try await withServer(api, live: live, watchers: watchers) { client async throws in
            #expect(try await client.get(Self.uri).status == .ok)
            #expect(try await eventually { watchers.count == Watchers.limit - 1 })
        }
    }

    @Test func aBrowserSeesEventsAsTheyCome() async throws {
        let (api, watchers) = (try FakeCoordinator(), Watchers())
        try await withListening(api, watchers: watchers) { port, _ in
            let connection = try Connection(port: port)
            try connection.get(Self.uri)
            #expect(try await eventually { api.memory.withLock { $0.waiting } == 1 })
            #expect(try Events(connection.received()).ids == ["7.1"])
            #expect(watchers.count == 1)
            // Others are answered meanwhile.
            let other = try Connection(port: port)
            try other.get("/v1/info")
            #expect(try await eventually { other.received().hasPrefix("HTTP/1.1 200 ") })
            // A second one that was here before, after three more changes.
            api.memory.withLock { $0.changes = 4 }
            let second = try Connection(port: port)
            try second.get(Self.uri, ["Last-Event-ID: 7.2"])
            #expect(try await eventually { (try? Events(second.received()).ids) == ["7.3", "7.4"] })
            #expect(second.received().lowercased().contains("\r\ntransfer-encoding: chunked\r\n"))
            #expect(watchers.count == 2)
        }
    }

    @Test func whoHangsUpIsNotWaitedFor() async throws {
        let (api, watchers) = (try FakeCoordinator(), Watchers())
        try await withListening(api, watchers: watchers) { port, _ in
            let connections = try (0..<3).map { _ in try Connection(port: port) }
            for connection in connections { try connection.get(Self.uri) }
            #expect(try await eventually { api.memory.withLock { $0.waiting } == 3 })
            #expect(watchers.count == 3)
            for connection in connections { connection.close() }
            #expect(try await eventually { watchers.count == 0 })
            #expect(api.memory.withLock { $0.cancelledWaits } == 3)
        }
    }

    @Test func whoHangsUpAtOnceLeavesNothing() async throws {
        let (api, watchers) = (try FakeCoordinator(), Watchers())
        try await withListening(api, watchers: watchers) { port, _ in
            for _ in 0..<20 {
                let connection = try Connection(port: port)
                try connection.get(Self.uri)
                connection.close()
            }
            let other = try Connection(port: port)
            try other.get("/v1/info")
            #expect(try await eventually { other.received().hasPrefix("HTTP/1.1 200 ") })
            #expect(try await eventually { watchers.count == 0 })
        }
    }

    @Test func watchersDoNotHoldUpTheEnd() async throws {
        let (api, watchers) = (try FakeCoordinator(), Watchers())
        try await withListening(api, watchers: watchers) { port, group in
            let connection = try Connection(port: port)
            try connection.get(Self.uri)
            #expect(try await eventually { api.memory.withLock { $0.waiting } == 1 })
            await group.triggerGracefulShutdown()
            #expect(try await eventually { connection.received().hasSuffix("\r\n0\r\n\r\n") })
            #expect(try await eventually { watchers.count == 0 })
        }
        #expect(api.memory.withLock { $0.cancelledWaits } == 1)
    }

    /// More than all buffers between the two take.
    @Test(arguments: [2, 5]) func whoTakesNothingDoesNotHoldUpTheEnd(changes: Int) async throws {
        let (api, watchers) = (try FakeCoordinator(), Watchers())
        api.memory.withLock { ($0.changes, $0.nameLength) = (changes, 24 << 20) }
        try await withListening(api, watchers: watchers) { port, group in
            let connection = try Connection(port: port)
            try connection.get(Self.uri)
            #expect(try await eventually { api.memory.withLock { $0.cursors.count == 3 } })
            await group.triggerGracefulShutdown()
            #expect(try await eventually { watchers.count == 0 })
        }
    }

    @Test func aCoordinatorThatStopsFirstEndsTheStream() async throws {
        let api = try FakeCoordinator()
        api.memory.withLock { $0.isStopping = true }
        try await withListening(api) { port, _ in
            let connection = try Connection(port: port)
            try connection.get(Self.uri)
            #expect(try await eventually { connection.received().hasSuffix("\r\n0\r\n\r\n") })
            #expect(try Events(connection.received()).ids == ["7.1"])
        }
    }
}

/// The events in what has come in, as `EventSource` takes them apart.
struct Events {
    private(set) var ids: [String] = []
    private(set) var updates: [LiveUpdate] = []
    /// Each event's data.
    private(set) var data: [Data] = []

    /// - Parameter text: what a connection received; lines that only carry it are passed over.
    init(_ text: String) throws {
        for line in text.utf8.split(separator: UInt8(ascii: "\n")).map({ String(decoding: $0, as: UTF8.self) }) {
            if line.hasPrefix("id: ") {
                ids.append(String(line.dropFirst(4)))
            } else if line.hasPrefix("data: ") {
                data.append(Data(line.utf8.dropFirst(6)))
            }
        }
        updates = try data.map { try JSONDecoder().decode(LiveUpdate.self, from: $0) }
    }
}
