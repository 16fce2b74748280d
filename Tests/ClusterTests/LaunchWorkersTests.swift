import Foundation
import Testing

/// `scripts/launch-workers` over a real ssh. The worker is a short program that says its arguments and ends on SIGTERM.
@Suite(.serialized, .enabled(if: Host.canRun, "needs an OpenSSH server and root"), .timeLimit(.minutes(2)))
struct LaunchWorkersTests {
    struct Row: Decodable {
        var host: String
        var state: String
        var pid: Int?
        var since: String?
        var message: String?
    }

    static let worker = """
        #!/usr/bin/env bash
        trap 'sleep 0.5; echo ended; exit 0' TERM
        echo "$*" >"$HOME/arguments"
        echo 'is "ready" | \\here'
        while :; do sleep 0.1; done
        """
    static let start = ["start", "--coordinator", "http://127.0.0.1:8420/a"]

    let host: Host
    let worker: [String]

    init() throws {
        host = try Host()
        worker = ["--copy", try host.folder.write("worker", Self.worker, mode: 0o755).path]
    }

    private func rows(_ command: Command) throws -> [Row] {
        try JSONDecoder().decode([Row].self, from: Data(command.output.utf8))
    }

    /// A process that ended but that nobody has waited for has a number still, and no program.
    private func isAlive(_ pid: Int) -> Bool {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")) != nil
    }

    @Test func aWorkerIsStartedOnceShownAndStopped() throws {
        let token = try host.folder.write("token", "the-secret\n").path
        let lines = ["# one host", "", "\(host.name) slots=3 cache=~/cache/of-mine # its settings"]
        let started = try host.launchWorkers(lines, Self.start + worker + ["--token-file", token, "--json"])
        #expect(started.status == 0, "\(started)")
        let first = try #require(try rows(started).first)
        let pid = try #require(first.pid)
        defer { kill(pid_t(pid), SIGKILL) }
        #expect(first.host == host.name)
        #expect(first.state == "running")
        #expect(isAlive(pid))
        #expect(
            try host.read("arguments") == "worker --coordinator http://127.0.0.1:8420/a --slots 3 "
                + "--cache ./cache/of-mine --token-file .cairn/hosts/node-1/token\n")
        #expect(try host.read(".cairn/hosts/node-1/token") == "the-secret\n")
        #expect(try host.folder.mode("home/.cairn/hosts/node-1/token") == 0o600)
        #expect(try host.folder.mode("home/.cairn") == 0o700)

        let again = try rows(host.launchWorkers(lines, Self.start + worker + ["--json"]))
        #expect(again.first?.pid == pid)
        #expect(again.first?.message == "already running")

        let status = try rows(host.launchWorkers(lines, ["status", "--json"]))
        #expect(status.first?.message == "is \"ready\" | \\here")
        #expect(status.first?.since?.hasSuffix("Z") == true)
        let table = try host.launchWorkers(lines, ["status"]).output
        #expect(table.hasPrefix("host "))
        #expect(table.contains("running") && table.contains("\(pid)"))

        // It takes half a second to end, and that is waited for.
        #expect(try host.launchWorkers(lines, ["stop"]).status == 0)
        #expect(!isAlive(pid))
        #expect(try host.read(".cairn/hosts/node-1/worker.log").hasSuffix("ended\n"))
        let stopped = try rows(host.launchWorkers(lines, ["stop", "--json"]))
        #expect(stopped.first?.state == "stopped")
        #expect(stopped.first?.message == "was not running")
    }

    @Test func aKilledWorkerIsSeenAndStartedAgain() throws {
        let pid = try #require(try rows(host.launchWorkers([host.name], Self.start + worker + ["--json"])).first?.pid)
        kill(pid_t(pid), SIGKILL)
        usleep(300_000)
        #expect(try rows(host.launchWorkers([host.name], ["status", "--json"])).first?.state == "stopped")
        let next = try rows(host.launchWorkers([host.name], Self.start + ["--json"])).first
        #expect(next?.state == "running")
        #expect(next?.pid != pid)
        #expect(try host.launchWorkers([host.name], ["stop"]).status == 0)
    }

    @Test func aForeignProcessWithTheSameNumberIsLeftAlone() throws {
        for place in [".cairn", ".cairn/hosts/node-1"] {
            for file in ["worker.pid", "worker.lock"] {
                try host.folder.write("home/\(place)/\(file)", "\(getpid())\n")
            }
        }
        let stopped = try rows(host.launchWorkers([host.name], ["stop", "--json"]))
        #expect(stopped.first?.message == "was not running")
    }

    /// As with a home folder on NFS.
    @Test func hostsThatShareAHomeFolderHaveAWorkerEach() throws {
        let second = try Host("node-2.example", sharingHomeOf: host)
        let token = try host.folder.write("token", "the-secret\n").path
        func ask(_ host: Host, _ arguments: [String]) throws -> Row {
            try #require(try rows(host.launchWorkers([host.name], arguments + ["--json"])).first)
        }
        let start = Self.start + worker + ["--token-file", token]
        let one = try #require(try ask(host, start).pid)
        defer { kill(pid_t(one), SIGKILL) }
        let away = try ask(second, ["status"])
        #expect(away.state == "stopped" && away.pid == nil && away.message == nil, "\(away)")
        #expect(try ask(second, ["stop"]).message == "was not running")

        let other = try ask(second, start)
        let two = try #require(other.pid)
        defer { kill(pid_t(two), SIGKILL) }
        #expect(other.message == "started" && two != one)
        #expect(try ask(host, ["status"]).pid == one)
        #expect(try ask(second, ["status"]).pid == two)
        #expect(try ask(second, ["stop"]).message == "stopped")
        #expect(try ask(host, ["status"]).pid == one)
        #expect(isAlive(one) && !isAlive(two))
        #expect(try host.read(".cairn/hosts/node-2.example/worker.log").hasSuffix("ended\n"))
        #expect(try ask(host, ["stop"]).message == "stopped")
    }

    /// Its lock, number and log lie in .cairn itself; the number may be that of another host's worker.
    @Test(arguments: [true, false]) func aWorkerOfAnEarlierVersionIsFoundAndStopped(hasItsNumber: Bool) throws {
        let home = host.folder.path("home")
        try host.folder.write("home/.cairn/worker.log", "of the earlier version\n")
        let script = "cd '\(home)/.cairn' && exec 9>>worker.lock && flock -n 9 && echo $$ >worker.pid && exec sleep 60"
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", script]
        try process.run()
        defer { if process.isRunning { process.terminate() } }
        for _ in 0..<100 where (try? host.read(".cairn/worker.pid")) ?? "" == "" { usleep(50_000) }
        if !hasItsNumber { try host.folder.write("home/.cairn/worker.pid", "\(getpid())\n") }

        let found = try rows(host.launchWorkers([host.name], Self.start + worker + ["--json"])).first
        #expect(found?.message == "already running" && found?.pid == Int(process.processIdentifier))
        let status = try rows(host.launchWorkers([host.name], ["status", "--json"])).first
        #expect(status?.message == "of the earlier version")
        #expect(try rows(host.launchWorkers([host.name], ["stop", "--json"])).first?.message == "stopped")
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal)
    }

    @Test(.enabled(if: Host.hasIPv6, "needs IPv6 on loopback")) func anAddressInBracketsIsReached() throws {
        let host = try Host(address: "::1")
        let shown = try rows(host.launchWorkers([host.name], ["status", "--json"])).first
        #expect(shown?.state == "stopped" && shown?.host == host.name)
    }

    @Test func whatEndsAtOnceIsNoSuccess() throws {
        let broken = try host.folder.write("broken", "#!/bin/sh\necho 'Error: no such option' >&2\nexit 64\n").path
        let ended = try host.launchWorkers([host.name], Self.start + ["--copy", broken])
        #expect(ended.status == 1)
        #expect(ended.output.contains("Error: no such option"))
        let missing = try host.launchWorkers(["\(host.name) binary=~/not/there"], Self.start)
        #expect(missing.status == 1)
        #expect(missing.output.contains("./not/there is no program here"))
    }

    @Test func oneHostThatIsAwayDoesNotKeepTheOthersFromWork() throws {
        let second = try Host()
        try second.folder.write("authorized", "")
        let away = "127.0.0.1:\(try Host.freePort())"
        let ended = try host.launchWorkers([away, second.name, host.name], Self.start + worker + ["--json"])
        #expect(ended.status == 1)
        #expect(ended.errors == "2 of 3 hosts did not do as asked\n")
        let found = try rows(ended)
        #expect(found.map(\.state) == ["unreachable", "unreachable", "running"])
        #expect(found[0].message?.contains("Connection refused") == true)
        #expect(found[1].message?.contains("Permission denied") == true)
        #expect(try host.launchWorkers([host.name], ["stop"]).status == 0)
    }

    @Test func manyHostsAFewAtATime() throws {
        let away = try (0..<12).map { _ in "127.0.0.1:\(try Host.freePort())" }
        let names = Array(Set(away)).sorted()
        let ended = try host.launchWorkers(names, ["status", "--json", "--parallel", "5"])
        #expect(try rows(ended).map(\.host) == names)
        #expect(ended.status == 1)
    }
}
