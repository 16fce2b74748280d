import Chaos
import RunProtocol
import Testing

@Suite struct ReportTests {
    private let run = RunStatus(
        id: RunID(rawValue: "run-1")!, name: "", state: .finished, revision: 9, submittedAt: 100, finishedAt: 130)

    private func fact(_ time: Double, _ text: String) -> RunJournal.Entry {
        RunJournal.Entry(number: Int(time), time: time, text: text, reason: "")
    }

    private func report(
        kills: [Report.Kill] = [], coordinatorLog: String = "", hostile: Set<WorkerID> = []
    ) -> Report {
        let facts = [
            fact(101, "data cut into 3 shards"), fact(105, "run-1.s0.r1.t0 done"), fact(110, "run-1.s0.r1.t1 done"),
            fact(111, "round 1 of stage 0 averaged"), fact(118, "run-1.s0.r2.t0 done"),
            fact(119, "worker-7's answer to run-1.s0.r2.t1 refused"), fact(130, "finished"),
        ]
        return Report(
            [Report.Told(run: run, facts: facts)], kills: kills,
            faults: [.cut, .killWorker(1), .cut, .stall(seconds: 2)], undisturbedSeconds: 20,
            coordinatorLog: coordinatorLog,
            workerLogs: ["10:00:00 debug run-1.s0.r1.t0 duplicate after 0.3 s\n10:00:01 debug x accepted after 1 s"],
            hostile: hostile)
    }

    @Test func onlyKillsWithinARunCount() {
        let kills = [90, 100.5, 129, 131].map { Report.Kill(isCoordinator: false, time: $0) }
        #expect(report(kills: kills).workerKills == 2)
    }

    @Test func aRecoveryEndsWithTheNextAnswer() {
        let kills = [110.5, 104, 125].map { Report.Kill(isCoordinator: true, time: $0) }
        let report = report(kills: kills)
        #expect(report.coordinatorKills == 3)
        // Nothing was left to answer after the last one.
        #expect(report.recoverySeconds == [1, 7.5])
        #expect(report.medianRecoverySeconds == 4.25)
    }

    @Test func tasksThatWereGivenOutAgainAreCounted() {
        let log = """
            10:00:00 info worker-1 joined from host with 1 slot
            10:00:00 debug worker-1 has run-1.s0.r1.t0: it was open
            10:00:01 debug worker-2 has run-1.s0.r1.t0: it was open
            10:00:01 debug worker-2 has run-1.s0.r1.t1: it was open
            10:00:02 debug worker-3 has run-1.s0.r1.t0: worker-2 may need another 3.0 s for it, this worker 1.0 s
            10:00:02 debug worker-3 has run-2.s0.r1.t0: it was open
            10:00:02 debug worker-4 has run-2.s0.r1.t0: it was open
            """
        let report = report(coordinatorLog: log)
        #expect(report.tasksBegunAgain == 1)
        #expect(report.timesBegunAgain == 2)
    }

    @Test func refusalsOfHostileWorkersAreNoneOfHonestOnes() throws {
        #expect(report().refusedAnswers == 1)
        #expect(report(hostile: [try #require(WorkerID(rawValue: "worker-8"))]).refusedAnswers == 1)
        #expect(report(hostile: [try #require(WorkerID(rawValue: "worker-7"))]).refusedAnswers == 0)
    }

    @Test func theRestIsCounted() {
        let report = report()
        #expect(report.tasks == 3)
        #expect(report.refusedAnswers == 1)
        #expect(report.superfluousAnswers == 1)
        #expect(report.lostSeconds == 10)
        #expect(report.faults == ["connections cut": 2, "worker killed": 1, "connections stalled": 1])
        #expect(report.table.contains("lost                               10.0 s in all, 10.0 s a run"))
    }
}
