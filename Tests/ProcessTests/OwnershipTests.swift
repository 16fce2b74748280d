import Foundation
import Testing

/// Two mounts of one folder through FUSE, neither of which knows the other's locks.
@Suite(.enabled(if: TwoMounts.isPossible, "mounting with bindfs needs root and /dev/fuse"))
struct OwnershipTests {
    private static let start = ["coordinator", "--allow-network-state", "--listen", "127.0.0.1:0", "--state"]

    @Test func theSecondOnAnotherMountIsRefused() throws {
        let mounts = try TwoMounts()
        let first = try RunningProcess(Self.start + [mounts.path(0)], in: mounts.desk.folder)
        defer { first.kill() }
        #expect(wait(30) { first.said.contains("listening on") }, "\(first.said)")
        let before = try mounts.names()
        let second = try Cairn.run(Self.start + [mounts.path(1)])
        #expect(second.status == 1)
        #expect(second.errors.contains("another coordinator uses this folder"), "\(second.errors)")
        #expect(try mounts.names() == before)
        // What crashed on the same host need not be waited for.
        first.kill()
        let third = try RunningProcess(Self.start + [mounts.path(1)], in: mounts.desk.folder)
        defer { third.kill() }
        #expect(wait(30) { third.said.contains("listening on") }, "\(third.said)")
        #expect(!third.said.contains("whether it is alive"), "\(third.said)")
    }

    /// The second has processes of its own, as another host has, and sees nothing of the first but its heartbeat.
    @Test func oneThatStoodStillFindsItsFolderTaken() throws {
        let mounts = try TwoMounts()
        let samples = try mounts.desk.write("samples.idx", Desk.idx(samples: 60))
        let plan = try mounts.desk.write("plan.yaml", Desk.plan(data: samples))
        let first = try RunningProcess(
            Self.start + [mounts.path(0), "--data", mounts.desk.folder.path, "--plan", plan], in: mounts.desk.folder)
        defer { first.kill() }
        #expect(wait(30) { first.said.contains("stage 0 opened") }, "\(first.said)")
        let elsewhere = ["-p", "-f", "--mount-proc", "--kill-child", Cairn.path] + Self.start + [mounts.path(1)]
        let refused = try Cairn.run(elsewhere, program: "/usr/bin/unshare")
        #expect(refused.status == 1 && refused.errors.contains("--take-over"), "\(refused.errors)")
        first.send(SIGSTOP)
        let second = try RunningProcess(elsewhere, in: mounts.desk.folder, program: "/usr/bin/unshare")
        defer { second.kill() }
        #expect(wait(60) { second.said.contains("listening on") }, "\(second.said)")
        #expect(second.said.contains("whether it is alive"))
        let blobs = try mounts.blobs()
        #expect(!blobs.isEmpty)
        first.send(SIGCONT)
        #expect(first.exitCode(within: 30) == 1, "\(first.said)")
        #expect(first.said.contains("has taken this folder over; this one ends"), "\(first.said)")
        #expect(try mounts.blobs() == blobs)
    }

    @Test func aFileSystemOfAnotherHostIsRefused() throws {
        let mounts = try TwoMounts()
        let ended = try Cairn.run(["coordinator", "--listen", "127.0.0.1:0", "--state", mounts.path(0)])
        #expect(ended.status == 1)
        #expect(ended.errors.contains("lies on FUSE") && ended.errors.contains("--allow-network-state"), "\(ended)")
        #expect(try mounts.names() == [])
    }

    /// `direct_io` has no shared maps.
    @Test func withoutSharedMemoryTheMessageIsTrue() throws {
        let mounts = try TwoMounts(options: ["-o", "direct_io"])
        let ended = try Cairn.run(Self.start + [mounts.path(0)])
        #expect(ended.status == 1)
        #expect(ended.errors.contains("has no shared memory maps, which SQLite's write-ahead log needs"), "\(ended)")
    }
}

/// One folder, mounted twice.
private final class TwoMounts {
    static let isPossible = (try? TwoMounts()) != nil

    let desk: Desk
    private var mounted: [String] = []
    private var servers: [RunningProcess] = []

    init(options: [String] = []) throws {
        desk = try Desk()
        try FileManager.default.createDirectory(atPath: desk.path("real/state"), withIntermediateDirectories: true)
        for name in ["first", "second"] {
            try FileManager.default.createDirectory(atPath: desk.path(name), withIntermediateDirectories: true)
            let server = try RunningProcess(
                ["-f"] + options + [desk.path("real"), desk.path(name)], in: desk.folder, program: "/usr/bin/bindfs")
            servers.append(server)
            mounted.append(desk.path(name))
            let isThere = wait(10) {
                FileManager.default.fileExists(atPath: desk.path(name) + "/state") || !server.isRunning
            }
            guard isThere, server.isRunning else {
                unmount()
                throw CocoaError(.fileNoSuchFile)
            }
        }
    }

    deinit { unmount() }

    /// A server that ends leaves its mount.
    private func unmount() {
        for path in mounted {
            let ended = try? RunningProcess(["-l", path], in: desk.folder, program: "/usr/bin/umount")
            _ = ended?.exitCode(within: 10)
        }
        servers.forEach { $0.kill() }
    }

    func path(_ mount: Int) -> String { mounted[mount] + "/state" }

    /// What lies in the folder.
    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: desk.path("real/state")).sorted()
    }

    func blobs() throws -> Set<String> {
        let files = FileManager.default.enumerator(atPath: desk.path("real/state/blobs"))?.compactMap { $0 as? String }
        return Set((files ?? []).filter { $0.contains("/") })
    }
}
