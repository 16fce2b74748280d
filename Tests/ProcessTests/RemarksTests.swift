import Foundation
import Testing

/// Plans that cannot be meant so, and results that are of no use, through the program.
@Suite(.timeLimit(.minutes(5))) struct RemarksTests {
    private let folder = FileManager.default.temporaryDirectory.appending(
        path: "remarks-\(UUID().uuidString.prefix(8))")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func write(_ name: String, _ text: String) throws {
        try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }

    /// Five columns: two that go together, a wide one, a constant one, noise.
    private func table(_ rows: Int, wide: Double) -> String {
        let lines = (0..<rows).map { row -> String in
            let noise = Double(row * 7_919 % 1_000) / 1_000
            let value = Double(row * 104_729 % 997) / 997
            return "\(value),\(1 - value),\(noise * wide),7,\(noise * noise)"
        }
        return (["a,b,income,same,c"] + lines).joined(separator: "\n") + "\n"
    }

    private func pretrain(_ plan: String) throws -> (ended: Cairn.Ended, summary: [String: Any]) {
        try write("plan.yaml", plan)
        let output = folder.appending(path: "out-\(UUID().uuidString.prefix(4))").path
        let ended = try Cairn.run(["pretrain", folder.appending(path: "plan.yaml").path, "--output", output, "--quiet"])
        let data = FileManager.default.contents(atPath: output + "/summary.json") ?? Data("{}".utf8)
        return (ended, try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:])
    }

    private func kinds(_ summary: [String: Any]) -> [String] {
        (summary["remarks"] as? [[String: Any]] ?? []).compactMap { $0["kind"] as? String }
    }

    @Test func shardsThatNoRoundReachesAreSaidBeforeTheRun() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write(
            "plan.yaml",
            """
            data: {unlabeled: x.csv, held_out: 10, shards: 100}
            layers: [{units: 4}, {units: 2}]
            pretraining: {rounds: 5, replicas: 2, loss: mean_squared_error}

            """)
        let plan = folder.appending(path: "plan.yaml").path
        let checked = try Cairn.run(["plan", "check", plan, "--no-files"])
        #expect(checked.status == 0)
        let lines = checked.output.split(separator: "\n").filter { $0.hasPrefix("remark: ") }
        #expect(
            lines == [
                "remark: layer 1, layer 2: 90 of 100 shards are never trained on: 5 rounds of 2 replicas read 10; use"
                    + " rounds: 50, replicas: 20 or shards: 10"
            ])
        let report = try Cairn.run(["plan", "check", plan, "--no-files", "--json"])
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(report.output.utf8)) as? [String: Any])
        #expect(kinds(json) == ["unreadShards"])
    }

    @Test func aUselessResultIsSaidWithItsCauses() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write("x.csv", table(400, wide: 30_000))
        let (ended, summary) = try pretrain(
            """
            data: {unlabeled: {path: x.csv, divide_by: 30000}, held_out: 100, shards: 2}
            layers: [{units: 8}]
            pretraining: {rounds: 3, replicas: 2, loss: mean_squared_error}

            """)
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(kinds(summary).starts(with: ["constantFeatures", "featureScales", "fewSteps"]))
        #expect(ended.output.contains("(column 'same')"))
        #expect(ended.output.contains("the standard deviation of column 'income'"))
        #expect(ended.output.contains("layer 1 takes 6 steps in all (3 rounds x 2 batches)"))
        let last = try #require(kinds(summary).last)
        #expect(last == "worseThanMean" || last == "deadUnits", "\(ended.output)")
        let stage = try #require((summary["stages"] as? [[String: Any]])?.first)
        let (error, mean) = (stage["heldOutError"] as? Double ?? 0, stage["meanError"] as? Double ?? 1)
        #expect(error >= mean)
        #expect(abs((stage["ratio"] as? Double ?? 0) - error / mean) < 1e-9)
        #expect(ended.output.contains(", predicting the mean "))
    }

    @Test func aGoodResultHasNoRemarkOfIt() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let text = table(2_000, wide: 1).split(separator: "\n").dropFirst()
            .map {
                $0.split(separator: ",").enumerated().filter { $0.offset != 3 }.map(\.element).joined(separator: ",")
            }
        try write("x.csv", text.joined(separator: "\n") + "\n")
        let (ended, summary) = try pretrain(
            """
            data: {unlabeled: x.csv, held_out: 200, shards: 2}
            layers: [{units: 16}]
            pretraining:
              {rounds: 40, replicas: 2, batch_size: 16, loss: mean_squared_error, masking: 0, l1: 0, learning_rate: 0.01}

            """)
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(kinds(summary) == [], "\(ended.output)")
        let stage = try #require((summary["stages"] as? [[String: Any]])?.first)
        #expect(try #require(stage["ratio"] as? Double) < 0.95)

        let file = try #require((summary["files"] as? [String: String])?["pretrained"])
        let evaluated = try Cairn.run([
            "evaluate", file, "--samples", folder.appending(path: "x.csv").path, "--json", "--quiet",
        ])
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(evaluated.output.utf8)) as? [String: Double])
        let ratio = (json["squaredError"] ?? 0) / (json["meanError"] ?? 1)
        #expect(abs((json["ratio"] ?? 0) - ratio) < 1e-9)
        #expect(try #require(json["ratio"]) < 0.95)
    }

    private func labeled(limit: String, test: String) -> String {
        """
        data:
          unlabeled: x.csv
          held_out: 50
          shards: 2
          labeled: {samples: {path: x.csv\(limit)}, labels: y.csv, draws: 3}
          test: {samples: t.csv, labels: \(test)}
        layers: [{units: 4}]
        pretraining: {rounds: 1, replicas: 2, loss: mean_squared_error}
        fine_tuning: {epochs: 1}

        """
    }

    @Test func aLimitOnSortedSamplesAndMissingClassesAreSaid() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write("x.csv", table(240, wide: 1))
        try write("t.csv", table(10, wide: 1))
        try write("y.csv", (0..<240).map { "\($0 / 80)\n" }.joined())
        try write("one.csv", String(repeating: "1\n", count: 10))
        try write("two.csv", String(repeating: "0\n1\n", count: 5))

        let single = try pretrain(labeled(limit: ", limit: 80", test: "two.csv")).ended
        #expect(single.status == 1)
        #expect(
            single.errors.contains(
                "x.csv: all 80 labeled samples are of class 0 (limit: 80 takes the first samples), but a classifier needs"
                    + " two classes"), "\(single.errors)")

        let (ended, summary) = try pretrain(labeled(limit: ", limit: 160", test: "two.csv"))
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(
            ended.output.contains(
                "x.csv: limit: 160 took the first 160 of 240 samples: only class 0, 1, none of class 2"),
            "\(ended.output)")
        #expect(!kinds(summary).contains("missingClasses"))

        let (some, others) = try pretrain(labeled(limit: "", test: "one.csv"))
        #expect(some.status == 0, "\(some.errors)")
        #expect(kinds(others).contains("missingClasses"))
        #expect(some.output.contains("all test samples are of class 1: the test error says nothing of the others"))
    }
}
