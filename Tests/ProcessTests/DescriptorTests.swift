import Foundation
import Testing

/// A coordinator that may open few files, and is spoken to by many.
@Suite(.timeLimit(.minutes(5)), .serialized) struct DescriptorTests {
    /// - Returns: an idle connection.
    private func connect(_ url: String) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = try #require(url.split(separator: ":").last.flatMap { in_port_t($0) }).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(status == 0)
        return descriptor
    }

    /// With more idle connections than it has descriptors, a run goes to its end.
    @Test(arguments: [64, 96]) func aRunEndsBesideMoreIdleConnectionsThanDescriptors(limit: Int) throws {
        let cluster = try SmallCluster(rounds: 1, descriptors: limit)
        #expect(cluster.coordinator.said.contains("only \(limit) files may be open: raise LimitNOFILE or ulimit -n"))
        var idle = try (0..<2 * limit).map { _ in try connect(cluster.url) }
        defer { for descriptor in idle { close(descriptor) } }
        try cluster.startWorker()
        let run = try cluster.submit()
        let isOver = try wait(120) {
            // Those that were closed come back.
            close(idle.removeFirst())
            idle.append(try connect(cluster.url))
            return try ["finished", "failed"].contains(cluster.status(run)["state"] as? String)
        }
        #expect(isOver)
        #expect(try cluster.status(run)["state"] as? String == "finished", "\(cluster.coordinator.said)")
        #expect(!cluster.coordinator.said.contains("damaged") && !cluster.coordinator.said.contains("cancel"))
        #expect(cluster.coordinator.said.firstMatch(of: /:\d\d error\b/) == nil, "\(cluster.coordinator.said)")
    }

    /// What the system lets it have, it takes.
    @Test func theLimitIsRaised() throws {
        let cluster = try SmallCluster(options: ["--log-level", "debug"], descriptors: 64, hard: 2_000)
        #expect(cluster.coordinator.said.contains("2000 files may be open at once"))
        #expect(cluster.coordinator.said.contains("since only 2000 files may be open"))
    }
}
