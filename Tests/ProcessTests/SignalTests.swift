import Foundation
import Testing

/// SIGTERM while data are read that take far longer than these tests wait.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SignalTests {
    @Test(arguments: [SIGTERM, SIGINT]) func aCoordinatorEnds(signal: Int32) throws {
        let (desk, plan) = try Desk.withLargeText()
        let start = [
            "coordinator", "--state", desk.path("state"), "--data", desk.folder.path, "--plan", plan, "--listen",
            "127.0.0.1:0",
        ]
        for _ in 0..<2 {
            let coordinator = try RunningProcess(start, in: desk.folder)
            defer { coordinator.kill() }
            let isReading = wait(30) {
                coordinator.said.contains("next is to read and cut the data")
                    && coordinator.said.contains("listening on")
            }
            #expect(isReading, "\(coordinator.said)")
            coordinator.send(signal)
            #expect(coordinator.exitCode(within: 5) == 0, "\(coordinator.said)")
            // The run is as it was: started again, the coordinator reads once more.
            #expect(
                !coordinator.said.contains("failed") && !coordinator.said.contains("data cut"), "\(coordinator.said)")
        }
    }

    /// Not as if all were done.
    @Test func aCoordinatorThatWaitsForRunsSaysThatOneIsOpen() throws {
        let desk = try Desk()
        let samples = try desk.write("samples.idx", Desk.idx(samples: 60))
        let plan = try desk.write("plan.yaml", Desk.plan(data: samples))
        let coordinator = try RunningProcess(
            [
                "coordinator", "--state", desk.path("state"), "--data", desk.folder.path, "--plan", plan, "--listen",
                "127.0.0.1:0", "--exit-when-done",
            ], in: desk.folder)
        defer { coordinator.kill() }
        #expect(wait(30) { coordinator.said.contains("stage 0 opened") }, "\(coordinator.said)")
        coordinator.send(SIGTERM)
        #expect(coordinator.exitCode(within: 5) == 1, "\(coordinator.said)")
        #expect(coordinator.said.contains("was done; the same command goes on with it"), "\(coordinator.said)")
        #expect(!coordinator.said.contains("CancellationError"), "\(coordinator.said)")
    }

    @Test(arguments: [SIGTERM, SIGINT]) func pretrainingEnds(signal: Int32) throws {
        let (desk, plan) = try Desk.withLargeText()
        let process = try RunningProcess(["pretrain", plan, "--output", desk.path("out"), "--quiet"], in: desk.folder)
        defer { process.kill() }
        let isReading = wait(30) {
            let names = try? FileManager.default.contentsOfDirectory(atPath: desk.path("out"))
            return names?.contains { FileManager.default.fileExists(atPath: desk.path("out/\($0)/runs.sqlite")) }
                == true
        }
        #expect(isReading)
        usleep(500_000)
        process.send(signal)
        #expect(process.exitCode(within: 5) == 1, "\(process.said)")
        #expect(process.said.contains("interrupted: nothing was written"), "\(process.said)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: desk.path("out")) == [])
    }
}
