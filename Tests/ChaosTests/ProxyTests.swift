import Chaos
import Dispatch
import Glibc
import Synchronization
import Testing

/// What a client sees of a server that sends back what it gets, through the proxy.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ProxyTests {
    private let echo: Echo
    private let proxy: FaultyProxy

    init() throws {
        echo = try Echo()
        proxy = try FaultyProxy(to: echo.port)
    }

    @Test func bytesPassBothWays() throws {
        let client = try Client(proxy.port)
        for size in [1, 1_000, 300_000] { #expect(client.echo(size) == size) }
        proxy.close()
    }

    @Test func aCutEndsConnectionsAndNewOnesWork() throws {
        let client = try Client(proxy.port)
        #expect(client.echo(10) == 10)
        proxy.cut()
        #expect(client.echo(10) == 0)
        #expect(try Client(proxy.port).echo(10) == 10)
        proxy.close()
    }

    @Test(arguments: [FaultyProxy.Direction.fromWorker, .fromCoordinator]) func aTruncationHitsOnce(
        direction: FaultyProxy.Direction
    ) throws {
        proxy.change { $0.truncation[direction] = 700 }
        #expect(try Client(proxy.port).echo(1_000) <= 700)
        #expect(try Client(proxy.port).echo(1_000) == 1_000)
        proxy.close()
    }

    @Test func refusalsAreResets() throws {
        proxy.change { $0.isRefusing = true }
        #expect(try Client(proxy.port).echo(10) == 0)
        proxy.change { $0.isRefusing = false }
        #expect(try Client(proxy.port).echo(10) == 10)
        proxy.close()
    }

    @Test func whatWasStalledArrivesLater() throws {
        let client = try Client(proxy.port)
        proxy.change { $0.isStalled = true }
        client.send(10)
        #expect(client.receive(10, seconds: 0.3) == 0)
        proxy.change { $0.isStalled = false }
        #expect(client.receive(10) == 10)
        proxy.close()
    }

    @Test func nobodyBehindItIsAReset() throws {
        let lonely = try FaultyProxy(to: Sockets.freePort())
        #expect(try Client(lonely.port).echo(10) == 0)
        lonely.close()
    }
}

/// One connection.
private final class Client: Sendable {
    private let socket: Int32

    init(_ port: UInt16) throws {
        socket = try #require(Sockets.connect(port: port))
    }

    deinit { close(socket) }

    /// - Returns: how many of `count` bytes come back.
    func echo(_ count: Int) -> Int {
        send(count)
        return receive(count)
    }

    func send(_ count: Int) {
        let bytes = [UInt8](repeating: 7, count: count)
        // Not on this thread: with nobody reading the answer, both ends would soon wait for each other. Until all is sent
        // the socket stays open: its number would be another client's.
        DispatchQueue.global().async { [self] in
            _ = bytes.withUnsafeBytes { Sockets.sendAll($0, to: socket) }
        }
    }

    func receive(_ count: Int, seconds: Double = 10) -> Int {
        var (total, buffer) = (0, [UInt8](repeating: 0, count: 65_536))
        while total < count {
            var wait = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, Int32(seconds * 1_000)) > 0 else { break }
            let received = recv(socket, &buffer, buffer.count, 0)
            guard received > 0 else { break }
            total += received
        }
        return total
    }
}

/// Sends back what it gets, to any number of clients, until it goes away.
private final class Echo {
    let port: UInt16
    private let listener: Int32

    init() throws {
        port = try Sockets.freePort()
        listener = try Sockets.listen(port: port)
        let listener = listener
        DispatchQueue.global().async {
            while let client = Sockets.accept(listener) {
                DispatchQueue.global().async {
                    var buffer = [UInt8](repeating: 0, count: 65_536)
                    while true {
                        let count = recv(client, &buffer, buffer.count, 0)
                        guard count > 0, buffer[..<count].withUnsafeBytes({ Sockets.sendAll($0, to: client) }) else {
                            break
                        }
                    }
                    close(client)
                }
            }
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }
}
