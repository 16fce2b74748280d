import Foundation
import Testing

/// What people are told of a run, compared with what was done to it.
@Suite(.timeLimit(.minutes(5))) struct RecordTests {
    private struct Entry: Decodable {
        var number: Int
        var time: Double
        var text: String
        var reason: String
    }

    private struct Information: Decodable {
        struct Worker: Decodable {
            struct Registration: Decodable { var processID: Int32 }
            struct Record: Decodable { var tasksDone: Int }
            var worker: String
            var registration: Registration
            var state: String
            var record: Record
        }
        var workers: [Worker]
    }

    private func entries(_ cluster: SmallCluster, _ run: String) throws -> [Entry] {
        let ended = try cluster.cairn(["events", run, "--json"])
        try #require(ended.status == 0, "\(ended.errors)")
        return try JSONDecoder().decode([String: [Entry]].self, from: Data(ended.output.utf8))["entries"] ?? []
    }

    private func workers(_ cluster: SmallCluster) throws -> [Int32: Information.Worker] {
        let ended = try cluster.cairn(["top", "--json"])
        try #require(ended.status == 0, "\(ended.errors)")
        let all = try JSONDecoder().decode(Information.self, from: Data(ended.output.utf8)).workers
        return Dictionary(all.map { ($0.registration.processID, $0) }) { $1 }
    }

    @Test func killsRestartsAndFarewellsAreToldAsTheyWere() throws {
        let cluster = try SmallCluster(rounds: 40)
        for _ in 0..<2 { try cluster.startWorker() }
        let (killed, stopped) = (cluster.workers[0].processID, cluster.workers[1].processID)
        let run = try cluster.submit()
        #expect(try wait(60) { try cluster.revision(run) > 5 })

        cluster.workers[0].kill()
        #expect(try wait(60) { try workers(cluster)[killed]?.state == "silent" })
        let before = try (entries: entries(cluster, run), workers: workers(cluster))

        try cluster.restartCoordinator()
        let names = before.workers.mapValues(\.worker)
        let facts = try cluster.revision(run)
        #expect(try wait(60) { try cluster.revision(run) > facts + 6 })
        #expect(try workers(cluster)[stopped]?.worker == names[stopped])
        try cluster.startWorker()
        let third = cluster.workers[2].processID
        #expect(cluster.workers[1].terminate() == 0)
        #expect(try workers(cluster)[stopped]?.state == "left")
        #expect(try wait(200) { try cluster.status(run)["state"] as? String == "finished" })

        let after = try entries(cluster, run)
        #expect(after.map(\.number) == Array(1...after.count))
        // What was told before the kill is told after it, but for the last second perhaps.
        let kept = after.prefix(before.entries.count).map { "\($0.number) \($0.text) \($0.reason)" }
        let told = before.entries.map { "\($0.number) \($0.text) \($0.reason)" }
        #expect(kept.prefix(told.count - 5).elementsEqual(told.prefix(told.count - 5)))
        #expect(after.count { $0.text == "the coordinator was started again" } == 1)
        let resumed = try #require(after.first { $0.text == "the coordinator was started again" })
        #expect(resumed.reason.contains("resumed \(run): layer"), "\(resumed.reason)")
        #expect(resumed.reason.contains("was killed or crashed"), "\(resumed.reason)")
        #expect(cluster.coordinator.said.contains("resumed \(run): layer"), "\(cluster.coordinator.said)")
        let stoppedName = try #require(names[stopped])
        #expect(after.count { $0.text.contains("\(stoppedName) on") && $0.text.contains("has left") } == 1)

        // Counts are those of the events.
        let crew = try workers(cluster)
        #expect(Set(crew.keys) == [killed, stopped, third])
        for worker in crew.values {
            let answered = after.count { $0.reason.hasPrefix("\(worker.worker) answered") }
            #expect(worker.record.tasksDone == answered, "\(worker.worker)")
        }
        #expect(crew.values.reduce(0) { $0 + $1.record.tasksDone } > 20)
    }

    @Test func aRunWithoutWorkersWaitsAndNamesTheCommandThatStartsOne() throws {
        let cluster = try SmallCluster()
        let run = try cluster.submit()
        #expect(try wait(60) { try cluster.status(run)["state"] as? String == "waiting" })
        let reason = try #require(try cluster.status(run)["reason"] as? String)
        #expect(reason.contains("it waits for workers"), "\(reason)")
        #expect(reason.contains("`cairn worker --coordinator \(cluster.url)`"), "\(reason)")
        try cluster.startWorker()
        #expect(try wait(60) { try cluster.status(run)["state"] as? String == "running" })
        cluster.workers[0].kill()
        #expect(try wait(60) { try cluster.status(run)["state"] as? String == "waiting" })
    }
}
