import Foundation
import Testing

/// Plans that take more memory than there is end no process and hold up no other run.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ScarceMemoryTests {
    /// Of 12 million weights: a task takes some 260 MB, an average some 160 MB.
    private static let large = """
        data: {unlabeled: samples.npy, held_out: 100, shards: 2}
        layers: [{units: 3000}]
        pretraining: {rounds: 2, replicas: 2}
        """
    private static let good = """
        data: {unlabeled: samples.npy, held_out: 50, shards: 2}
        layers: [{units: 20}]
        pretraining: {rounds: 4, replicas: 2}
        """

    private func cluster(_ options: [String] = []) throws -> SmallCluster {
        let cluster = try SmallCluster(options: ["--lease", "1.5"] + options)
        try MemoryData.write(to: cluster.folder, samples: 600)
        return cluster
    }

    private func submit(_ plan: String, _ name: String, to cluster: SmallCluster) throws -> String {
        let file = cluster.folder.appending(path: "\(name).yaml")
        try plan.write(to: file, atomically: true, encoding: .utf8)
        let ended = try cluster.cairn(["submit", file.path])
        try #require(ended.status == 0, "\(ended.errors)")
        return ended.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func pretrained(_ name: String, _ cluster: SmallCluster) throws -> String {
        let output = cluster.folder.appending(path: "\(name)-reference").path
        let plan = cluster.folder.appending(path: "\(name).yaml").path
        let ended = try Cairn.run(["pretrain", plan, "--output", output, "--quiet", "--json"])
        try #require(ended.status == 0, "\(ended.errors)")
        let summary = try #require(JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any])
        return try #require((summary["sha256"] as? [String: String])?["pretrained"])
    }

    private func exported(_ run: String, _ cluster: SmallCluster) throws -> String {
        let file = cluster.folder.appending(path: "\(run).safetensors").path
        let ended = try cluster.cairn(["export", run, "--output", file, "--json"])
        try #require(ended.status == 0, "\(ended.errors)")
        let json = try #require(JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any])
        return try #require(json["sha256"] as? String)
    }

    @Test func aTaskThatFitsNoWorkerWaitsForOneThatHasTheMemory() throws {
        let cluster = try cluster()
        for _ in 0..<2 { try cluster.startWorker(options: ["--memory", "200MB"]) }
        let large = try submit(Self.large, "large", to: cluster)
        let good = try submit(Self.good, "good", to: cluster)
        #expect(try cluster.cairn(["watch", good]).status == 0)
        #expect(try exported(good, cluster) == pretrained("good", cluster))

        // It waits, and says what for.
        let told = try wait(30) { try (cluster.status(large)["reason"] as? String)?.contains("needs") == true }
        let status = try cluster.status(large)
        #expect(told && status["state"] as? String == "waiting", "\(status)")
        let reason = try #require(status["reason"] as? String)
        #expect(reason.contains(/needs \d+ MB; .* has \d+ MB/), "\(reason)")
        let events = try cluster.cairn(["events", large]).output
        #expect(events.contains(/it needs \d+ MB and has \d+ MB here/), "\(events)")
        #expect(cluster.workers.allSatisfy { $0.isRunning && $0.said.contains(/it needs \d+ MB and has \d+ MB here/) })

        // A larger worker does it, and the same weights come of it.
        try cluster.startWorker(options: ["--memory", "600MB"])
        #expect(try cluster.cairn(["watch", large]).status == 0)
        #expect(try exported(large, cluster) == pretrained("large", cluster))
        #expect(cluster.coordinator.isRunning)
        #expect(cluster.stopWorkers() == [0, 0, 0])
    }

    @Test func aStepThatDoesNotFitTheCoordinatorFailsItsRunAlone() throws {
        let cluster = try cluster(["--memory", "100MB"])
        try cluster.startWorker()
        let large = try submit(Self.large, "large", to: cluster)
        let good = try submit(Self.good, "good", to: cluster)
        #expect(try cluster.cairn(["watch", large]).status == 1)
        let status = try cluster.status(large)
        let reason = try #require(status["reason"] as? String)
        #expect(status["state"] as? String == "failed")
        #expect(
            reason.contains(/averaging layer 1 needs \d+ MB of memory, and the coordinator has \d+ MB/), "\(reason)")
        #expect(try cluster.cairn(["events", large]).output.contains("averaging layer 1 needs"))
        #expect(try cluster.cairn(["watch", good]).status == 0)
        #expect(try exported(good, cluster) == pretrained("good", cluster))
        #expect(cluster.coordinator.isRunning)
        #expect(cluster.stopWorkers() == [0])
    }

    @Test func aPlanSaysBeforehandWhatItTakes() throws {
        let cluster = try cluster()
        try (Self.large.replacing("3000", with: "200000")).write(
            to: cluster.folder.appending(path: "huge.yaml"), atomically: true, encoding: .utf8)
        try Self.large.write(to: cluster.folder.appending(path: "large.yaml"), atomically: true, encoding: .utf8)
        let file = cluster.folder.appending(path: "large.yaml").path
        let checked = try Cairn.run(["plan", "check", file])
        #expect(
            checked.output.contains(
                /it takes \d+ MB of memory for each of a worker's slots, \d+ MB for the coordinator/),
            "\(checked.output)")
        let json = try Cairn.run(["plan", "check", file, "--json"])
        let report = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let said = try #require((report["memory"] as? [String: Any])?["workerSlot"] as? Int)
        let run = try submit(Self.large, "large", to: cluster)
        wait(30) { (try? cluster.status(run)["memory"]) != nil }
        let status = try #require(cluster.status(run)["memory"] as? [String: Any])
        #expect(status["workerSlot"] as? Int == said)
        // A text file's first lines tell as much, but not how many follow.
        let row = Array(repeating: "0.5", count: MemoryData.size).joined(separator: ",") + "\n"
        let table = String(repeating: row, count: 300)
        try table.write(to: cluster.folder.appending(path: "table.csv"), atomically: true, encoding: .utf8)
        let textPlan = cluster.folder.appending(path: "text.yaml")
        try (Self.large.replacing("samples.npy", with: "table.csv")).write(
            to: textPlan, atomically: true, encoding: .utf8)
        let text = try Cairn.run(["plan", "check", textPlan.path])
        let slots = [checked, text].map { ended in
            ended.output.firstMatch(of: /it takes (?:about )?(\d+) MB of memory for each/).flatMap { Int($0.1) } ?? 0
        }
        #expect(text.output.contains("it takes about ") && abs(slots[0] - slots[1]) < 10, "\(text.output)")
        try FileManager.default.removeItem(at: cluster.folder.appending(path: "samples.npy"))
        #expect(try Cairn.run(["plan", "check", file]).output.contains("is not known: "))
    }
}
