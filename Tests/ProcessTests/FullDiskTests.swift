import Foundation
import Testing

/// A full disk is said in one line, and what was there before is as it was.
@Suite(.serialized, .enabled(if: SmallDisk.isPossible, "mounting a small tmpfs needs root and the right to mount"))
struct FullDiskTests {
    private func desk(rounds: Int = 1) throws -> (desk: Desk, plan: String) {
        let desk = try Desk()
        try desk.write("a.idx", Desk.idx(samples: 40))
        return (desk, try desk.write("plan.yaml", Desk.plan(data: "a.idx", rounds: rounds)))
    }

    @Test(arguments: [64, 256, 512]) func pretrainingSaysIt(kibibytes: Int) throws {
        let (desk, plan) = try desk(rounds: 1_000)
        try SmallDisk.mounted(kibibytes: kibibytes) { disk in
            let ended = try Cairn.run(["pretrain", plan, "--output", disk.path + "/results", "--quiet"])
            try expectOneLine(ended, "make room")
            #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path + "/results") == [])
        }
        withExtendedLifetime(desk) {}
    }

    @Test func aCoordinatorSaysIt() throws {
        try SmallDisk.mounted(kibibytes: 64) { disk in
            let ended = try Cairn.run(["coordinator", "--state", disk.path + "/state", "--listen", "127.0.0.1:0"])
            try expectOneLine(ended, "the disk is full; make room and start again: nothing is lost")
        }
    }

    @Test func exportingSaysItAndLeavesNothing() throws {
        let cluster = try SmallCluster(rounds: 1)
        try cluster.startWorker(slots: 2)
        let run = try cluster.submit()
        #expect(try cluster.cairn(["watch", run]).status == 0)
        try SmallDisk.mounted(kibibytes: 64) { disk in
            let ended = try cluster.cairn(["export", run, "--output", disk.path + "/weights.safetensors"])
            try expectOneLine(ended, "cannot be written: No space left on device; make room")
            #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == [])
        }
        let ended = try cluster.cairn(["export", run, "--output", "/proc/weights.safetensors"])
        try expectOneLine(ended, "'/proc/weights.safetensors' cannot be written")
    }

    /// Its blobs' file system is mounted read-only while the coordinator runs.
    @Test func aRunGoesOnWhenItsDiskCanBeWrittenAgain() throws {
        let (desk, plan) = try desk(rounds: 200)
        try SmallDisk.mounted(kibibytes: 16_384) { disk in
            // A file system with files that are open for writing cannot be made read-only: these lie elsewhere.
            try FileManager.default.createDirectory(atPath: disk.path + "/state", withIntermediateDirectories: true)
            for name in ["runs.sqlite", "lock"] {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(disk.path)/state/\(name)", withDestinationPath: desk.path(name))
            }
            let coordinator = try RunningProcess(
                [
                    "coordinator", "--state", disk.path + "/state", "--data", desk.folder.path, "--plan", plan,
                    "--exit-when-done", "--listen", "127.0.0.1:0",
                ], in: desk.folder)
            defer { coordinator.kill() }
            let isReady = wait(60) {
                coordinator.said.contains("stage 0 opened") && coordinator.said.contains("listening on http")
            }
            #expect(isReady, "\(coordinator.said)")
            let url = try #require(coordinator.said.firstMatch(of: /listening on (http:\/\/\S+)/)).1
            try SmallDisk.remount(disk, "ro")
            let worker = try RunningProcess(
                ["worker", "--coordinator", String(url), "--slots", "1", "--cache", desk.path("cache")],
                in: desk.folder)
            defer { worker.kill() }
            #expect(wait(60) { coordinator.said.contains("paused: ") }, "\(coordinator.said)")
            let list = try Cairn.run(["list", "--coordinator", String(url)])
            #expect(list.output.contains("paused"), "\(list)")
            try SmallDisk.remount(disk, "rw")
            #expect(coordinator.exitCode(within: 120) == 0, "\(coordinator.said)")
            #expect(coordinator.said.contains("it goes on: the disk takes files again"))
        }
    }

    /// Whether the state or an upload finds no room first: the run is paused, and goes on when there is room.
    @Test func aRunGoesOnWhenThereIsRoomAgain() throws {
        let (desk, plan) = try desk(rounds: 200)
        try SmallDisk.mounted(kibibytes: 16_384) { disk in
            let start = [
                "coordinator", "--state", disk.path + "/state", "--data", desk.folder.path, "--plan", plan,
                "--exit-when-done", "--listen", "127.0.0.1:0",
            ]
            let coordinator = try RunningProcess(start, in: desk.folder)
            defer { coordinator.kill() }
            let isReady = wait(30) {
                coordinator.said.contains("stage 0 opened") && coordinator.said.contains("listening on http")
            }
            #expect(isReady, "\(coordinator.said)")
            let url = try #require(coordinator.said.firstMatch(of: /listening on (http:\/\/\S+)/)).1
            let filler = try SmallDisk.fill(disk)
            let worker = try RunningProcess(
                ["worker", "--coordinator", String(url), "--slots", "1", "--cache", desk.path("cache")],
                in: desk.folder)
            defer { worker.kill() }
            #expect(wait(30) { coordinator.said.contains("paused: ") }, "\(coordinator.said)")
            let list = try Cairn.run(["list", "--coordinator", String(url)])
            #expect(list.output.contains("paused"), "\(list)")
            let run = try #require(list.output.firstMatch(of: /run-\w+/)).0
            let status = try Cairn.run(["status", String(run), "--coordinator", String(url)])
            #expect(status.output.contains("disk is full"), "\(status)")
            try FileManager.default.removeItem(at: filler)
            #expect(coordinator.exitCode(within: 120) == 0, "\(coordinator.said)")
            #expect(coordinator.said.contains("it goes on: the disk takes files again"))
        }
    }
}

/// A file system that is soon full.
enum SmallDisk {
    static let isPossible = (try? mounted(kibibytes: 64) { _ in true }) == true

    static func mounted<Result>(kibibytes: Int, _ body: (URL) throws -> Result) throws -> Result {
        let desk = try Desk()
        try run("mount", ["-t", "tmpfs", "-o", "size=\(kibibytes)k", "tmpfs", desk.folder.path])
        defer { try? run("umount", [desk.folder.path]) }
        return try body(desk.folder)
    }

    /// - Parameter mode: `ro` or `rw`.
    static func remount(_ disk: URL, _ mode: String) throws {
        try run("mount", ["-o", "remount,\(mode)", disk.path])
    }

    /// - Returns: the file that takes all the room.
    static func fill(_ disk: URL) throws -> URL {
        let filler = disk.appending(path: "filler")
        _ = FileManager.default.createFile(atPath: filler.path, contents: nil)
        let handle = try FileHandle(forWritingTo: filler)
        defer { try? handle.close() }
        for size in [1 << 16, 1 << 12, 1] {
            while (try? handle.write(contentsOf: Data(count: size))) != nil {}
        }
        return filler
    }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
    }
}
