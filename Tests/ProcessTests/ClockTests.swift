import Foundation
import Testing

/// A run during which the coordinator's clock was set back by two hours.
@Suite(.timeLimit(.minutes(3))) struct ClockTests {
    private static let run = """
        {"id": "run-abcdef01", "name": "digits", "state": "finished", "revision": 9, "submittedAt": 1700000000,
        "finishedAt": 1699992900, "workers": 1, "tasksInProgress": 0, "results": [], "exports": [], "stages": [
        {"name": "layer 1", "state": "finished", "round": 3, "rounds": 3, "tasksDone": 2, "tasks": 2,
        "startedAt": 1700000001, "finishedAt": 1699992808.2, "outputs": {"tables": [], "series": [], "isCollected": false,
        "trains": true, "metrics": [
        {"name": "loss", "title": "loss", "text": "", "direction": "lowerIsBetter", "of": "round", "decides": false,
        "format": "number"},
        {"name": "heldOutError", "title": "held-out error", "text": "", "direction": "lowerIsBetter", "of": "weights",
        "decides": true, "format": "number"}]}, "history": [
        {"round": 0, "samples": 0, "heldOutError": 9},
        {"round": 1, "samples": 100, "loss": 5, "heldOutError": 4, "seconds": -7192.8, "bytes": 10},
        {"round": 2, "samples": 100, "loss": 4, "heldOutError": 3, "seconds": 2, "bytes": 10},
        {"round": 3, "samples": 100, "loss": 3, "heldOutError": 2, "bytes": 10}]}]}
        """
    private static let worker = """
        {"worker": "w-1", "state": "idle", "joinedAt": 1700000000, "secondsSinceHeard": -7000, "tasks": [],
        "registration": {"host": "here", "processID": 1, "slots": 1, "version": "1", "instructionSet": "any",
        "protocolVersion": 3, "nonce": "0123456789abcdef0123"}, "record": {"tasksDone": 1, "tasksRefused": 0,
        "tasksFailed": 0, "tasksLost": 0, "tasksNeedless": 0, "tasksReleased": 0, "samples": 1}}
        """

    @Test(
        arguments: [
            ["watch", "latest"], ["status", "latest"], ["status", "latest", "--json"], ["metrics", "latest"], ["list"],
            ["top", "--once"],
        ]) func noDurationIsNegative(arguments: [String]) throws
    {
        let coordinator = try FakeCoordinator([
            "/v1/runs": #"{"runs": [\#(Self.run)]}"#, "/v1/runs/run-abcdef01": Self.run,
            "/v1/info": #"{"protocolVersion": 3, "version": "1", "workers": [\#(Self.worker)]}"#,
        ])
        let ended = try Cairn.run(arguments + ["--coordinator", coordinator.url])
        #expect(ended.status == 0, "\(ended)")
        guard arguments.last != "--json" else { return }
        #expect((ended.output + ended.errors).firstMatch(of: /(^|[\s,(])-\d/) == nil, "\(ended)")
        guard arguments[0] == "watch" else { return }
        #expect(ended.errors.contains("layer 1, round 1 of 3: loss 5.000, held-out error 4.000\n"), "\(ended)")
        #expect(ended.errors.contains("held-out error 3.000, 2.0 s, 50 samples/s\n"), "\(ended)")
        #expect(ended.errors.contains("layer 1, round 3 of 3: loss 3.000, held-out error 2.000\n"), "\(ended)")
        #expect(ended.errors.contains("layer 1 finished\n"), "\(ended)")
        #expect(ended.output.contains("layer 1   3 rounds, held-out error 2.000"), "\(ended)")
        #expect(ended.output.contains("training  50 samples/s"), "\(ended)")
    }
}
