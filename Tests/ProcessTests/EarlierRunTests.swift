import Foundation
import Testing

/// A plan that was changed after a run of it had begun.
@Suite struct EarlierRunTests {
    @Test func aCoordinatorAndASubmissionSayWhatDiffers() throws {
        let desk = try Desk()
        let samples = try desk.write("samples.idx", Desk.idx(samples: 60))
        let plan = try desk.write("plan.yaml", Desk.plan(data: samples))
        let start = [
            "coordinator", "--state", desk.path("state"), "--data", desk.folder.path, "--plan", plan, "--listen",
            "127.0.0.1:0",
        ]
        let first = try RunningProcess(start, in: desk.folder)
        defer { first.kill() }
        #expect(wait(30) { first.said.contains("listening on") }, "\(first.said)")
        #expect(!first.said.contains("of the same folder and name"), "\(first.said)")
        let run = try #require(first.said.firstMatch(of: /(run-\w+) is\s/)).1
        first.kill()
        try desk.write("plan.yaml", Desk.plan(data: samples, units: 3, rounds: 2))
        let second = try RunningProcess(start, in: desk.folder)
        defer { second.kill() }
        #expect(wait(30) { second.said.contains("listening on") }, "\(second.said)")
        let changes = "layers[0].units: 2 before, 3 now; pretraining.rounds: 1 before, 2 now"
        #expect(second.said.contains("\(run), from a plan of the same folder and name"), "\(second.said)")
        #expect(second.said.contains(changes), "\(second.said)")
        #expect(second.said.contains("`cairn cancel \(run)`"), "\(second.said)")
        let url = String(try #require(second.said.firstMatch(of: /listening on (http:\/\/\S+)/)).1)
        let events = try Cairn.run(["events", "latest", "--coordinator", url])
        #expect(events.output.contains("started beside \(run)") && events.output.contains(changes), "\(events)")
        // Back again: the difference is to the last run.
        try desk.write("plan.yaml", Desk.plan(data: samples))
        let submitted = try Cairn.run(["submit", plan, "--coordinator", url])
        #expect(submitted.errors.contains("layers[0].units: 3 before, 2 now"), "\(submitted)")
        #expect(submitted.output.wholeMatch(of: /run-\w+\n/) != nil, "\(submitted)")
    }
}
