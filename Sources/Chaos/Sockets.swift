import Glibc

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
