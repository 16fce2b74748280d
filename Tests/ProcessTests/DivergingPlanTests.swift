import Foundation
import Testing

/// A plan whose training diverges fails with its reason, and costs nobody anything: no worker, and no other run.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DivergingPlanTests {
    @Test func aDivergingPlanHarmsNoWorkerAndNoOtherRun() throws {
        let cluster = try SmallCluster(rounds: 4)
        let plan = try divergingPlan(in: cluster.folder)
        let output = cluster.folder.appending(path: "reference").path
        let reference = try Cairn.run(["pretrain", cluster.plan.path, "--output", output, "--quiet", "--json"])
        try #require(reference.status == 0, "\(reference.errors)")
        let summary = try #require(JSONSerialization.jsonObject(with: Data(reference.output.utf8)) as? [String: Any])
        let expected = try #require(summary["sha256"] as? [String: String])

        for _ in 0..<3 { try cluster.startWorker() }
        var diverging = [try cluster.submit(plan)]
        let good = try cluster.submit()
        // Of each worker three results at least would have been refused: one is killed and started again between.
        for facts in [4, 8, 12] {
            diverging.append(try cluster.submit(plan))
            try wait(60) { try cluster.revision(good) >= facts }
            try cluster.replaceWorker(facts)
        }
        try cluster.restartCoordinator()
        diverging.append(try cluster.submit(plan))
        #expect(try cluster.cairn(["watch", good]).status == 0)
        #expect(try cluster.exports(good) == [expected["pretrained"], expected["fine-tuned"]].compactMap(\.self))
        for run in diverging {
            try wait(60) { try cluster.status(run)["state"] as? String == "failed" }
            let reason = try #require(try cluster.status(run)["reason"] as? String)
            for text in ["layer 1 has diverged", "column \"number\", up to 1000", "learning_rate"] {
                #expect(reason.contains(text), "\(reason)")
            }
        }
        let list = try cluster.cairn(["list", "--json"])
        #expect(!list.output.contains("quarantine"), "\(list.output)")
        // None has ended by itself.
        #expect(cluster.workers.allSatisfy { $0.isRunning })
        #expect(cluster.stopWorkers() == [0, 0, 0])
    }

    @Test func inOneProcessItFailsWithItsReason() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let plan = try divergingPlan(in: folder)
        let output = folder.appending(path: "results").path
        let ended = try Cairn.run(["pretrain", plan.path, "--output", output, "--quiet"])
        #expect(ended.status == 1)
        #expect(ended.errors.contains("column \"number\""), "\(ended.errors)")
    }

    /// A column that counts from a million, and squared errors.
    private func divergingPlan(in folder: URL) throws -> URL {
        let rows = (0..<600).map { "0.\($0 % 9),0.\($0 % 4),\(1_000_000 + $0)" }
        let table = (["a,b,number"] + rows).joined(separator: "\n") + "\n"
        try Data(table.utf8).write(to: folder.appending(path: "table.csv"))
        let plan = folder.appending(path: "diverging.yaml")
        try Data(
            """
            data: {unlabeled: table.csv, held_out: 100, shards: 3}
            layers: [{units: 8}]
            pretraining: {rounds: 3, replicas: 3, loss: mean_squared_error}

            """.utf8
        ).write(to: plan)
        return plan
    }
}
