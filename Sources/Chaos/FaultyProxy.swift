import Glibc
import Synchronization

/// Stands between workers and the coordinator and passes bytes on, unless it is told to do worse.
///
/// ```swift
/// let proxy = try FaultyProxy(to: coordinatorPort)
/// proxy.change { $0.isStalled = true }     // connections stay open, and nothing moves
/// proxy.cut()
/// ```
package final class FaultyProxy: Sendable {
    /// Which way bytes go.
    package enum Direction: Int, Hashable, Sendable { case fromWorker, fromCoordinator }

    /// How it behaves at present.
    package struct Behaviour: Hashable, Sendable {
        /// New connections are reset.
        package var isRefusing = false
        /// Connections are accepted and nothing is passed on; what came in goes on its way when this ends.
        package var isStalled = false
        /// Each piece of what is passed on waits so long.
        package var delayMilliseconds = 0
        /// Requests with results are answered with 413, and do not pass.
        package var isBlockingResults = false
        /// So many bytes more pass in a direction, then their connection is reset; once.
        package var truncation: [Direction: Int] = [:]
    }

    private struct State {
        var behaviour = Behaviour()
        var connections: [ObjectIdentifier: Connection] = [:]
        var isOpen = true
    }

    /// Where it listens, on 127.0.0.1.
    package let port: UInt16
    private let target: UInt16
    private let listener: Int32
    private let state = Mutex(State())

    /// Listens on a free port of the loopback and passes everything on to port `target`.
    package init(to target: UInt16) throws {
        self.target = target
        port = try Sockets.freePort()
        listener = try Sockets.listen(port: port)
        Thread.start { while self.acceptOne() {} }
    }

    package func close() {
        state.withLock { $0.isOpen = false }
        shutdown(listener, Int32(SHUT_RDWR))
        cut()
    }

    /// Behaves otherwise from now on.
    package func change(_ body: (inout Behaviour) -> Void) { state.withLock { body(&$0.behaviour) } }

    package func cut() {
        let connections = state.withLock { $0.connections.values.map(\.self) }
        connections.forEach { $0.reset() }
    }

    // MARK: Connections

    private func acceptOne() -> Bool {
        guard let worker = Sockets.accept(listener) else {
            guard state.withLock({ $0.isOpen }) else {
                Glibc.close(listener)
                return false
            }
            return true
        }
        let isRefusing = state.withLock { $0.behaviour.isRefusing || !$0.isOpen }
        guard !isRefusing, let coordinator = Sockets.connect(port: target) else {
            Sockets.resetWhenClosed(worker)
            Glibc.close(worker)
            return true
        }
        let connection = Connection(worker: worker, coordinator: coordinator)
        state.withLock { $0.connections[ObjectIdentifier(connection)] = connection }
        for direction in [Direction.fromWorker, .fromCoordinator] {
            Thread.start { self.pump(connection, direction) }
        }
        return true
    }

    /// Passes bytes on until one end is gone.
    private func pump(_ connection: Connection, _ direction: Direction) {
        let (source, sink) = connection.ends(direction)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 14, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = recv(source, buffer.baseAddress, buffer.count, 0)
            guard count > 0 else { break }
            if direction == .fromWorker, isBlocked(UnsafeRawBufferPointer(rebasing: buffer[..<count])) {
                refuse(source, buffer)
                break
            }
            let allowed = allowance(of: count, direction)
            guard Sockets.sendAll(UnsafeRawBufferPointer(rebasing: buffer[..<allowed]), to: sink) else { break }
            if allowed < count { connection.reset() }
        }
        // The other direction may still have something to say.
        shutdown(sink, Int32(SHUT_WR))
        guard connection.isLastPump() else { return }
        state.withLock { $0.connections[ObjectIdentifier(connection)] = nil }
    }

    /// A request begins where a worker has an answer to the one before.
    private func isBlocked(_ bytes: UnsafeRawBufferPointer) -> Bool {
        state.withLock { $0.behaviour.isBlockingResults } && bytes.starts(with: "PUT /v1/tasks/".utf8)
    }

    /// The rest of the request is read: a client whose connection is closed while it sends does not see the answer.
    private func refuse(_ worker: Int32, _ buffer: UnsafeMutableRawBufferPointer) {
        let text = "<html><h1>413 Request Entity Too Large</h1></html>"
        let answer =
            "HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: \(text.utf8.count)\r\n"
            + "Connection: close\r\n\r\n\(text)"
        _ = Array(answer.utf8).withUnsafeBytes { Sockets.sendAll($0, to: worker) }
        shutdown(worker, Int32(SHUT_WR))
        while recv(worker, buffer.baseAddress, buffer.count, 0) > 0 {}
    }

    /// Waits as long as bytes are held up; then says how many of `count` may pass.
    private func allowance(of count: Int, _ direction: Direction) -> Int {
        let delay = state.withLock { $0.behaviour.delayMilliseconds }
        if delay > 0 { usleep(UInt32(delay) * 1_000) }
        while state.withLock({ $0.behaviour.isStalled && $0.isOpen }) { usleep(5_000) }
        return state.withLock { state in
            guard let left = state.behaviour.truncation[direction] else { return count }
            state.behaviour.truncation[direction] = left >= count ? left - count : nil
            return min(left, count)
        }
    }
}

/// A worker's connection and the one that the proxy made for it.
private final class Connection: Sendable {
    private let worker: Int32
    private let coordinator: Int32
    private let pumps = Atomic(2)

    init(worker: Int32, coordinator: Int32) { (self.worker, self.coordinator) = (worker, coordinator) }

    // Nobody uses the descriptors any more: only then may others get their numbers.
    deinit {
        close(worker)
        close(coordinator)
    }

    func ends(_ direction: FaultyProxy.Direction) -> (source: Int32, sink: Int32) {
        direction == .fromWorker ? (worker, coordinator) : (coordinator, worker)
    }

    func reset() {
        for socket in [worker, coordinator] {
            Sockets.resetWhenClosed(socket)
            shutdown(socket, Int32(SHUT_RDWR))
        }
    }

    func isLastPump() -> Bool { pumps.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 }
}

/// A thread that does one thing: those of a proxy wait nearly all the time, and all of them at once.
enum Thread {
    private final class Work {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    static func start(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let work = Unmanaged.passRetained(Work(body)).toOpaque()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, work)
        precondition(status == 0, "the system gives no more threads")
        pthread_detach(thread)
    }
}

/// TCP on loopback, as far as a proxy needs it.
package enum Sockets {
    private static let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

    /// Listens on `port` of 127.0.0.1.
    package static func listen(port: UInt16) throws -> Int32 {
        let socket = Glibc.socket(AF_INET, kind, 0)
        var isOn: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<Int32>.size))
        guard withAddress(port, { bind(socket, $0, $1) }) == 0, Glibc.listen(socket, 128) == 0 else {
            defer { close(socket) }
            throw ChaosError.system("port \(port) cannot be listened on")
        }
        return socket
    }

    /// - Returns: nil where nothing listens there.
    package static func connect(port: UInt16) -> Int32? {
        let socket = Glibc.socket(AF_INET, kind, 0)
        if withAddress(port, { Glibc.connect(socket, $0, $1) }) == 0 { return socket }
        close(socket)
        return nil
    }

    package static func accept(_ listener: Int32) -> Int32? {
        let socket = Glibc.accept(listener, nil, nil)
        guard socket >= 0 else { return nil }
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        return socket
    }

    /// A port that nobody uses, below those that the system gives to outgoing connections: a client that tries again and
    /// again to reach a port among these may get it as its own, connect to itself, and keep the server from it.
    package static func freePort() throws -> UInt16 {
        for _ in 0..<100 {
            let port = UInt16.random(in: 20_000..<32_000)
            if let socket = try? listen(port: port) {
                close(socket)
                return port
            }
        }
        throw ChaosError("no port from 20000 to 32000 is free")
    }

    /// Makes the other end see a reset instead of an orderly end once the socket is closed.
    static func resetWhenClosed(_ socket: Int32) {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    }

    /// - Returns: false where the connection is gone.
    package static func sendAll(_ bytes: UnsafeRawBufferPointer, to socket: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = send(socket, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private static func withAddress(
        _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}
