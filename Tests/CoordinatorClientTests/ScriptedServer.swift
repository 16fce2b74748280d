import Foundation
import Synchronization

/// A server on loopback that does what its script says, right or wrong.
final class ScriptedServer: Sendable {
    enum Step: Sendable {
        case send(Data)
        case pause(seconds: Double)
        /// Ends the connection in good order.
        case close
        /// Ends it as a killed process or a firewall does.
        case reset
    }

    struct Received: Sendable {
        var method: String
        var target: String
        /// By their names in lower case.
        var headers: [String: String]
        var body: Data
        /// Counts from 0, in the order of arrival.
        var index: Int
    }

    typealias Script = @Sendable (Received) -> [Step]

    private struct State {
        var received: [Received] = []
        var connectionCount = 0
        var open: Set<Int32> = []
    }

    let port: Int
    private let listener: Int32
    private let script: Script
    private let readsBodies: Bool
    private let state = Mutex(State())

    init(port: Int = 0, readsBodies: Bool = true, _ script: @escaping Script) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutableBytes(of: &address) { bytes in
            let address = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!
            return bind(listener, address, length) == 0 && listen(listener, 64) == 0
                && getsockname(listener, address, &length) == 0
        }
        guard isListening else { throw POSIXError(.EADDRINUSE) }
        self.port = Int(UInt16(bigEndian: address.sin_port))
        self.listener = listener
        self.readsBodies = readsBodies
        self.script = script
        Thread.detachNewThread { [self] in accept() }
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var received: [Received] { state.withLock { $0.received } }
    var connectionCount: Int { state.withLock { $0.connectionCount } }

    /// No more connections, and an end to those that are open.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        state.withLock { $0.open.forEach { _ = shutdown($0, Int32(SHUT_RDWR)) } }
    }

    private func accept() {
        while true {
            let connection = Foundation.accept(listener, nil, nil)
            guard connection >= 0 else { break }
            state.withLock { state in
                state.connectionCount += 1
                state.open.insert(connection)
            }
            Thread.detachNewThread { [self] in
                serve(connection)
                // Under the lock, since the number may belong to somebody else from then on.
                state.withLock { state in
                    state.open.remove(connection)
                    close(connection)
                }
            }
        }
        close(listener)
    }

    private func serve(_ connection: Int32) {
        while var request = read(connection) {
            let received = state.withLock { state in
                request.index = state.received.count
                state.received.append(request)
                return request
            }
            for step in script(received) {
                switch step {
                case .send(let data): send(data, connection)
                case .pause(let seconds): Thread.sleep(forTimeInterval: seconds)
                case .close: return
                case .reset:
                    var option = linger(l_onoff: 1, l_linger: 0)
                    setsockopt(connection, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
                    return
                }
            }
        }
    }

    private func send(_ data: Data, _ connection: Int32) {
        data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest)
                let count = Foundation.send(connection, part.baseAddress, part.count, Int32(MSG_NOSIGNAL))
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }

    private func read(_ connection: Int32) -> Received? {
        var data = Data()
        var end: Range<Data.Index>?
        while end == nil {
            guard let more = receive(connection) else { return nil }
            data.append(more)
            end = data.range(of: Data("\r\n\r\n".utf8))
        }
        guard let end else { return nil }
        let lines = String(decoding: data[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ").map(String.init)
        let headers = lines.dropFirst().compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            return (line[..<colon].lowercased(), value)
        }
        var request = Received(
            method: words[0], target: words[1], headers: Dictionary(headers) { $1 },
            body: Data(data[end.upperBound...]),
            index: 0)
        while readsBodies, request.body.count < Int(request.headers["content-length"] ?? "0")! {
            guard let more = receive(connection) else { return nil }
            request.body.append(more)
        }
        return request
    }

    private func receive(_ connection: Int32) -> Data? {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(connection, &chunk, chunk.count, 0)
        return count > 0 ? Data(chunk[..<count]) : nil
    }
}

extension ScriptedServer.Step {
    static func text(_ text: String) -> Self { .send(Data(text.utf8)) }

    static func answer(_ status: Int, _ body: Data, headers: [String] = []) -> Self {
        let head = ["HTTP/1.1 \(status) Status", "Content-Length: \(body.count)"] + headers + ["", ""]
        return .send(Data(head.joined(separator: "\r\n").utf8) + body)
    }

    static func json(_ status: Int, _ message: some Encodable, headers: [String] = []) -> Self {
        .answer(status, (try? JSONEncoder().encode(message)) ?? Data(), headers: headers)
    }

    /// The head promises the whole body, but only a part of it follows.
    static func truncated(_ status: Int, _ body: Data, after bytes: Int, headers: [String] = []) -> Self {
        let head = ["HTTP/1.1 \(status) Status", "Content-Length: \(body.count)"] + headers + ["", ""]
        return .send(Data(head.joined(separator: "\r\n").utf8) + body.prefix(bytes))
    }
}
