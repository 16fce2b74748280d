import Glibc
import RunProtocol

/// A signal that ends every wait, from the moment it is given.
///
/// It is a pair of sockets, of which one stays readable once something was written to the other: so a pause and a
/// network wait look for it in the same way, and none can miss it.
final class Interruption: Sendable {
    /// Readable once `signal` was called.
    let descriptor: Int32
    private let writer: Int32

    init() throws(ConnectionError) {
        var ends: [Int32] = [-1, -1]
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        guard socketpair(AF_UNIX, Int32(kind), 0, &ends) == 0 else {
            throw ConnectionError(
                .unreachable, "too many files are open (\(String(cString: strerror(errno)))): raise `ulimit -n`")
        }
        descriptor = ends[0]
        writer = ends[1]
    }

    deinit {
        close(descriptor)
        close(writer)
    }

    func signal() {
        var byte: UInt8 = 1
        // With a full buffer the other end is as readable as with a single byte.
        _ = write(writer, &byte, 1)
    }

    var isSignalled: Bool { !sleep(seconds: 0) }

    /// Sleeps.
    /// - Returns: false as soon as the signal is given.
    func sleep(seconds: Double) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            let left = max(0, (end - ContinuousClock.now) / .milliseconds(1))
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&wait, 1, Int32(min(left.rounded(.up), 1e6)))
            if ready > 0 { return false }
            if ready == 0, ContinuousClock.now >= end { return true }
        }
    }
}
