import Glibc
import Testing

/// A TCP connection to this host, for what an HTTP client would not do.
final class Connection {
    private var descriptor: Int32
    private var bytes: [UInt8] = []
    /// Whether the server has hung up.
    private var isOver = false

    /// - Parameter source: the last number of the address 127.0.0.N that it comes from.
    init(port: Int, from source: UInt32 = 1) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        try #require(Self.call(bind, descriptor, host: source, port: 0) == 0)
        try #require(Self.call(connect, descriptor, host: 1, port: port) == 0)
    }

    private static func call(
        _ function: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32, _ descriptor: Int32, host: UInt32, port: Int
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = (0x7f00_0000 | host).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    deinit { close() }

    /// Asks for the start of an answer that never ends.
    func get(_ uri: String, _ headers: [String] = []) throws {
        try send((["GET \(uri) HTTP/1.1", "Host: localhost"] + headers + ["", ""]).joined(separator: "\r\n"))
    }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        try #require(Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    /// Sends bytes without end, and reads what comes in meanwhile, until the server hangs up.
    ///
    /// - Returns: how many were sent, `limit` at most.
    func pour(limit: Int) async throws -> Int {
        let chunk = [UInt8](repeating: 120, count: 65_536)
        var count = 0
        while count < limit, !isClosed {
            let sent = Glibc.send(descriptor, chunk, chunk.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            if sent > 0 { count += sent } else if errno != EAGAIN { break }
            _ = received()
            if sent <= 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
        return count
    }

    /// Everything that has come in until now.
    func received() -> String {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
            if count > 0 {
                bytes += chunk[..<count]
            } else {
                isOver = isOver || count == 0 || errno != EAGAIN
                return String(decoding: bytes, as: UTF8.self)
            }
        }
    }

    /// Whether the server has ended its side.
    var isClosed: Bool {
        _ = received()
        return isOver
    }

    /// Hangs up.
    /// - Parameter rudely: so that the server's system sees an error rather than an end.
    func close(rudely: Bool = false) {
        guard descriptor >= 0 else { return }
        var linger = linger(l_onoff: 1, l_linger: 0)
        if rudely {
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        }
        Glibc.close(descriptor)
        descriptor = -1
    }
}
