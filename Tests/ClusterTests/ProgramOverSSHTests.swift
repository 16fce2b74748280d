import Foundation
import Testing

/// The program itself, built beside the tests, started over ssh.
@Suite(.serialized, .enabled(if: Host.canRun && Self.knowsWorkers), .timeLimit(.minutes(2)))
struct ProgramOverSSHTests {
    static let program = Bundle.main.bundleURL.appending(path: "cairn").path

    /// A program that has no such subcommand answers with its own help.
    static var knowsWorkers: Bool {
        (try? Command(program, ["worker", "--help"]))?.output.contains("--coordinator") == true
    }

    @Test func aWorkerStaysUntilItIsStopped() throws {
        let host = try Host()
        let listen = "127.0.0.1:\(try Host.freePort())"
        let begun = try Command(
            "sh",
            ["-c", #""$0" coordinator --listen "$1" --state "$2" >"$3" 2>&1 & echo $!"#]
                + [Self.program, listen, host.folder.path("state"), host.folder.path("coordinator.log")])
        let coordinator = try #require(pid_t(begun.output.trimmingCharacters(in: .whitespacesAndNewlines)))
        defer { kill(coordinator, SIGTERM) }

        let line = "\(host.name) slots=1 cache=~/cache binary=\(Self.program)"
        let started = try host.launchWorkers([line], ["start", "--coordinator", "http://\(listen)"])
        #expect(started.status == 0, "\(started)")
        sleep(2)
        let status = try host.launchWorkers([line], ["status"])
        #expect(status.output.contains("running"), "\(status)")
        let stopped = try host.launchWorkers([line], ["stop"])
        #expect(stopped.status == 0, "\(stopped)")
    }
}
