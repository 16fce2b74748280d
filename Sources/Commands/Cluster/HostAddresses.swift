import CoordinatorRuntime
import CoordinatorServer
import Glibc

extension Reach {
    /// - Parameter address: with the port that the system chose.
    init(listening address: ListenAddress, needsToken: Bool) {
        let own = address.isAnywhere ? "http://127.0.0.1:\(address.port)" : "http://\(address)"
        let others = HostAddresses.all.map { "http://\($0):\(address.port)" }
        self.init(
            own: own, addresses: address.isAnywhere ? others : address.isLoopback ? [] : [own], needsToken: needsToken)
    }
}

/// The addresses of this host that others may reach.
private enum HostAddresses {
    /// IPv4 ones, of interfaces that are up, in the system's order; none of them is a loopback one.
    static var all: [String] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var found: [String] = []
        var rest = first
        while let entry = rest?.pointee {
            rest = entry.ifa_next
            guard let address = entry.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET),
                entry.ifa_flags & UInt32(IFF_UP) != 0, entry.ifa_flags & UInt32(IFF_LOOPBACK) == 0
            else { continue }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            guard getnameinfo(address, size, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else {
                continue
            }
            found.append(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        return found
    }
}
