import Foundation
import Testing

/// The program itself, where it was built beside the tests.
enum Program {
    static let path = Bundle.main.bundleURL.appending(path: "cairn").path

    /// A program that has no such subcommand answers with its own help.
    static var knowsWorkers: Bool {
        (try? Command(path, ["worker", "--help"]))?.output.contains("--coordinator") == true
    }
}

/// A coordinator and its worker, which is started over ssh.
@Suite(.serialized, .enabled(if: Host.canRun && Program.knowsWorkers), .timeLimit(.minutes(2)))
struct ProgramOverSSHTests {
    @Test func aWorkerStaysUntilItIsStopped() throws {
        let host = try Host()
        let listen = "127.0.0.1:\(try Host.freePort())"
        let coordinator = Process()
        coordinator.executableURL = URL(filePath: Program.path)
        coordinator.arguments = ["coordinator", "--listen", listen, "--state", host.folder.path("state")]
        coordinator.standardInput = FileHandle.nullDevice
        coordinator.standardOutput = try FileHandle(forWritingTo: host.folder.write("coordinator.log", ""))
        coordinator.standardError = coordinator.standardOutput
        try coordinator.run()
        defer {
            // The thread that started it had SIGTERM blocked, and so it has too.
            kill(coordinator.processIdentifier, SIGKILL)
            coordinator.waitUntilExit()
        }

        let line = "\(host.name) slots=1 cache=~/cache binary=\(Program.path)"
        let started = try host.launchWorkers([line], ["start", "--coordinator", "http://\(listen)"])
        #expect(started.status == 0, "\(started)")
        sleep(2)
        let status = try host.launchWorkers([line], ["status"])
        #expect(status.output.contains("running"), "\(status)")
        let stopped = try host.launchWorkers([line], ["stop"])
        #expect(stopped.status == 0, "\(stopped)")
    }
}
