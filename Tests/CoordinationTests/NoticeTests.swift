import Coordination
import Foundation
import PairClassifier
import RunProtocol
import Simulation
import Testing

/// What people are told, word by word, and what is kept of a failure: both are read by what was written for them before.
@Suite struct NoticeTests {
    private static let worker = WorkerID(rawValue: "worker-1")!
    private static let run = RunID(rawValue: "run-1")!
    private static let task = TaskID(run: run, stage: 1, round: 2, index: 3)

    @Test(
        arguments: [
            (.workerQuarantined(worker, host: "a"), "worker-1 on a gets no more tasks"),
            (.workerQuarantined(worker, host: nil), "worker-1 gets no more tasks"),
            (.workerLost(worker, host: "a"), "worker-1 on a is taken for lost"),
            (.workerLeft(worker, host: "a"), "worker-1 on a has left"),
            (.workerInTrouble(worker, host: "a"), "worker-1 on a is in trouble"),
            (.workerOutOfTrouble(worker, host: "a"), "worker-1 on a goes on"),
            (.workerMistrusted(worker, host: "a"), "worker-1 on a is asked last from now on"),
            (.workerLacksMemory(worker, host: "a", task), "worker-1 on a cannot do \(task)"),
            (.taskLeased(task, to: worker), "worker-1 has \(task)"),
            (.leaseExpired(task, of: worker), "worker-1 has lost \(task)"),
            (.taskStalled(task, with: worker, host: "a"), "worker-1 on a is stalled with \(task)"),
            (.taskMovesAgain(task, with: worker), "worker-1 gets on with \(task) again"),
            (.runPaused, "the run is paused"), (.runResumed, "the run goes on"),
            (.runWaitsForMemory, "the run waits for a worker with more memory"),
            (.runStartedBeside(run), "started beside run-1"),
            (.everythingPaused, "everything is paused"), (.everythingResumed, "everything goes on"),
            (.coordinatorRestarted, "the coordinator was started again"),
            (.coordinatorStops, "the coordinator stops"),
        ] as [(Notice, String)]) func aNoticeHasItsWords(notice: Notice, text: String)
    {
        #expect(notice.description == text)
    }

    @Test func whoseLeaseExpiresAndWhoIsLostIsTold() throws {
        let shell = TestShell(Scenario.pairsPlan(stages: 1, trials: 0))
        shell.start()
        let worker = shell.join("worker")
        let task = try #require(shell.lease(worker)).id
        shell.pass(seconds: 70, [])
        #expect(shell.count(.leaseExpired(task, of: worker)) == 1)
        #expect(shell.count(.workerLost(worker, host: "here")) == 1)
    }

    @Test func aRunsPauseIsTold() {
        let shell = TestShell(Scenario.pairsPlan(stages: 1, trials: 0))
        shell.start()
        shell.perform(shell.cluster.damageFound(in: shell.run, "a file is missing"))
        #expect(shell.cluster.reasonToPause(shell.run) == "a file is missing")
        #expect(shell.lease(shell.join("worker")) == nil)
        shell.perform(shell.cluster.damageMended(in: shell.run))
        shell.perform(shell.cluster.damageMended(in: shell.run))
        #expect(shell.told.map(\.notice) == [.runPaused, .runResumed])
        #expect(shell.cluster.reasonToPause(shell.run) == nil)
        #expect(shell.lease(shell.join("worker")) != nil)
    }

    @Test func whoIsQuarantinedIsTold() throws {
        let shell = TestShell(Scenario.pairsPlan(stages: 1, trials: 0))
        shell.start()
        let liar = shell.join("liar", host: "a")
        for _ in 0..<Limits.refusedAnswers {
            let task = try #require(shell.lease(liar)).id
            shell.perform(shell.cluster.updateRefused(task, from: liar, reason: "it is cut off"))
        }
        #expect(shell.count(.workerQuarantined(liar, host: "a")) == 1)
    }

    /// An event of an earlier version has no cause, and this version's reads like one with one more value.
    @Test func aFailuresCauseIsKeptBesideItsReason() throws {
        let earlier = try JSONDecoder().decode(RunEvent.self, from: Data(#"{"failed":{"reason":"because"}}"#.utf8))
        #expect(earlier == .failed(reason: "because"))
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(try String(decoding: encoder.encode(earlier), as: UTF8.self) == #"{"failed":{"reason":"because"}}"#)
        let event = RunEvent.failed(reason: "because", cause: .diverged)
        let data = try encoder.encode(event)
        #expect(String(decoding: data, as: UTF8.self) == #"{"failed":{"cause":"diverged","reason":"because"}}"#)
        #expect(try JSONDecoder().decode(RunEvent.self, from: data) == event)
    }
}
