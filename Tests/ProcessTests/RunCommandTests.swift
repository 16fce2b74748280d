import Foundation
import Testing

/// What people do with a coordinator, over real HTTP.
@Suite(.serialized, .timeLimit(.minutes(5))) struct RunCommandTests {
    @Test func aRunIsSubmittedListedWatchedExportedAndEvaluated() throws {
        let cluster = try SmallCluster(rounds: 1)
        try cluster.startWorker(slots: 2)
        let submitted = try cluster.cairn(["submit", cluster.plan.path, "--wait"])
        #expect(submitted.status == 0, "\(submitted.errors)")
        // No terminal: a plain line for each round.
        #expect(submitted.errors.contains("layer 1, round 1 of 1: loss "))
        let run = submitted.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(try cluster.cairn(["list"]).output.contains("\(run)  finished"))
        #expect(try cluster.cairn(["status", "latest"]).output.contains("test error"))
        let digests = try cluster.exports(run)
        #expect(digests.count == 2)
        let everything = try cluster.cairn(["export", run, "--output", cluster.folder.path, "--json"])
        let summary = try #require(JSONSerialization.jsonObject(with: Data(everything.output.utf8)) as? [String: Any])
        #expect((summary["sha256"] as? [String: String])?.values.sorted() == digests.sorted())
        let files = try #require(summary["files"] as? [String: String])
        #expect(files.count == 2 && files.values.allSatisfy { FileManager.default.fileExists(atPath: $0) })

        let file = cluster.folder.appending(path: "fine-tuned.safetensors").path
        let images = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
        let evaluated = try Cairn.run([
            "evaluate", file, "--samples", images, "--labels",
            "/usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz", "--limit", "500", "--json",
        ])
        let report = try #require(
            JSONSerialization.jsonObject(with: Data(evaluated.output.utf8)) as? [String: Any], "\(evaluated.errors)")
        let results = try #require(try cluster.status(run)["results"] as? [[String: Any]])
        // The file holds the first draw's classifier: tested again it gives the very same answers.
        #expect(report["confusion"] as? [[Int]] == results.compactMap { $0["confusion"] as? [[Int]] }.first)

        let picture = cluster.folder.appending(path: "picture.png").path
        let weights = cluster.folder.appending(path: "pretrained.safetensors").path
        let drawn = try Cairn.run(["picture", weights, "--samples", images, "--output", picture, "--count", "3"])
        #expect(drawn.status == 0, "\(drawn.errors)")
        #expect(try Data(contentsOf: URL(filePath: picture)).starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }

    @Test func aCancelledRunEndsAndItsWorkerGoesOn() throws {
        let cluster = try SmallCluster(rounds: 100)
        try cluster.startWorker()
        let run = try cluster.submit()
        try wait(30) { try cluster.revision(run) > 2 }
        #expect(try cluster.cairn(["cancel", run]).status == 0)
        #expect(try cluster.status(run)["state"] as? String == "cancelled")
        let again = try cluster.cairn(["cancel", run])
        #expect(again.status == 1)
        #expect(again.errors.contains("has ended already"))
        #expect(try cluster.cairn(["export", run, "--output", "x"]).status == 1)
        #expect(try cluster.cairn(["watch", run]).status == 1)
        #expect(cluster.stopWorkers() == [0])
    }

    @Test func aRunIsMeantByItsBeginningOrItsPlansName() throws {
        let cluster = try SmallCluster(rounds: 100, more: "name: digits\n")
        let run = try cluster.submit()
        for text in [String(run.dropLast(3)), String(run.dropFirst(4)), "digits", "latest"] {
            #expect(try cluster.cairn(["status", text]).output.contains(run), "\(text)")
        }
        let second = try cluster.submit()
        let several = try cluster.cairn(["cancel", "digits"])
        #expect(several.status == 1 && several.errors.contains("may be 2 runs: \(second), \(run)"), "\(several)")
        let none = try cluster.cairn(["status", "letters"])
        #expect(none.status == 1 && none.errors.contains("there is no run 'letters'"), "\(none)")
    }

    @Test func whoLeavesBeforeTheEndIsToldThatTheRunGoesOn() throws {
        let cluster = try SmallCluster(rounds: 100)
        let waiting = try RunningProcess(
            ["submit", cluster.plan.path, "--wait", "--coordinator", cluster.url], in: cluster.folder)
        defer { waiting.kill() }
        #expect(try wait(20) { try cluster.cairn(["list"]).output.contains("run-") })
        usleep(500_000)
        waiting.send(SIGINT)
        #expect(waiting.exitCode(within: 5) == 130, "\(waiting.said)")
        #expect(waiting.said.contains("goes on: `cairn watch run-"), "\(waiting.said)")
        #expect(try cluster.cairn(["list"]).output.contains("waiting"))
    }

    @Test func aCoordinatorWithItsPlanExitsWhenItIsDone() throws {
        let cluster = try SmallCluster(rounds: 1)
        try cluster.startWorker(slots: 2)
        cluster.coordinator.kill()
        let listen = cluster.url.replacing("http://", with: "")
        let arguments = [
            "coordinator", "--listen", listen, "--state", "other", "--plan", cluster.plan.path, "--exit-when-done",
        ]
        let first = try RunningProcess(arguments, in: cluster.folder)
        #expect(first.exitCode(within: 120) == 0, "\(first.said)")
        #expect(first.said.contains("finished, because"))
        // Started again, it takes up the run that is there and finds it done.
        let second = try RunningProcess(arguments, in: cluster.folder)
        #expect(second.exitCode(within: 30) == 0, "\(second.said)")
        #expect(second.said.contains("is finished"))
    }

    @Test func aWorkerWaitsForItsCoordinatorAndLeavesOnRequest() throws {
        let cluster = try SmallCluster(rounds: 1)
        cluster.coordinator.kill()
        try cluster.startWorker()
        #expect(wait(20) { cluster.workers[0].said.contains("trying again") }, "\(cluster.workers[0].said)")
        try cluster.restartCoordinator()
        #expect(wait(20) { cluster.workers[0].said.contains("joined as") }, "\(cluster.workers[0].said)")
        #expect(cluster.stopWorkers() == [0])
    }

    /// A terminal that is closed is as good as a request to leave.
    @Test func aWorkerLeavesInOrderWhenItsTerminalIsClosed() throws {
        let cluster = try SmallCluster(rounds: 100)
        try cluster.startWorker()
        #expect(wait(20) { cluster.workers[0].said.contains("joined as") }, "\(cluster.workers[0].said)")
        cluster.workers[0].send(SIGHUP)
        #expect(cluster.workers[0].exitCode(within: 20) == 0, "\(cluster.workers[0].said)")
        #expect(cluster.workers[0].said.contains("stopping: tasks in hand"))
    }

    @Test func aWorkerOutlivesTheReaderOfItsLog() throws {
        let cluster = try SmallCluster(rounds: 2)
        let worker = Process()
        worker.executableURL = URL(filePath: Cairn.path)
        worker.arguments = [
            "worker", "--coordinator", cluster.url, "--cache", cluster.folder.appending(path: "cache").path,
            "--log-level", "debug",
        ]
        let log = Pipe()
        worker.standardError = log
        try worker.run()
        defer {
            worker.terminate()
            worker.waitUntilExit()
        }
        #expect(!log.fileHandleForReading.availableData.isEmpty)
        try log.fileHandleForReading.close()
        let run = try cluster.submit()
        #expect(try cluster.cairn(["watch", run]).status == 0)
        #expect(worker.isRunning)
    }

    @Test func withATokenNobodyElseComesIn() throws {
        let token = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try "a-secret-of-many-letters".write(to: token, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: token.path)
        defer { try? FileManager.default.removeItem(at: token) }
        let cluster = try SmallCluster(rounds: 1, options: ["--token-file", token.path])
        let stranger = try cluster.cairn(["list"])
        #expect(stranger.status == 1)
        #expect(stranger.errors.contains("--token-file"), "\(stranger.errors)")
        #expect(try cluster.cairn(["list", "--token-file", token.path]).status == 0)
        let list = ["CAIRN_TOKEN_FILE=\(token.path)", Cairn.path, "list", "--coordinator", cluster.url]
        #expect(try Cairn.run(list, program: "/usr/bin/env").status == 0)
        let other = cluster.folder.appending(path: "other").path
        try "another-secret-of-many-letters".write(toFile: other, atomically: true, encoding: .utf8)
        chmod(other, 0o600)
        let wrong = try cluster.cairn(["list", "--token-file", other])
        #expect(wrong.status == 1 && wrong.errors.contains("this is not the coordinator's access token"), "\(wrong)")
        // A worker without the token gives up at once rather than trying for ever.
        try cluster.startWorker()
        #expect(cluster.workers[0].exitCode(within: 20) == 1)
        #expect(!cluster.coordinator.said.contains("a-secret-of-many-letters"))
    }
}
