import Foundation
import Testing

/// A run's figures for other programs: what Prometheus reads, what collects logs, CSV, JSON and TensorBoard's files.
@Suite(.serialized, .timeLimit(.minutes(10))) struct FiguresTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Runs another program with `input` as its standard input.
    private func tool(_ arguments: [String], input: String = "", in folder: URL? = nil) throws -> Cairn.Ended {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        if let folder { process.currentDirectoryURL = folder }
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(input.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        process.standardInput = try FileHandle(forReadingFrom: file)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Cairn.Ended(status: process.terminationStatus, output: text, errors: complaint)
    }

    private func json(_ text: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    }

    // MARK: A cluster

    @Test func aRunsFiguresAreThereInEveryForm() throws {
        let cluster = try SmallCluster(
            rounds: 2, options: ["--lease", "30", "--log-format", "json", "--log-level", "debug"])
        try cluster.startWorker(slots: 2, options: ["--log-format", "json", "--log-level", "debug"])
        let submitted = try cluster.cairn(["submit", cluster.plan.path, "--wait"])
        try #require(submitted.status == 0, "\(submitted.errors)")
        let run = submitted.output.trimmingCharacters(in: .whitespacesAndNewlines)
        try expectMetrics(of: run, in: cluster)
        try expectTable(of: run, in: cluster)
        try expectEventFile(of: run, in: cluster)
        #expect(cluster.stopWorkers() == [0])
    }

    private func expectMetrics(of run: String, in cluster: SmallCluster) throws {
        let answer = try tool(["curl", "--silent", "--show-error", "--fail", cluster.url + "/metrics"])
        try #require(answer.status == 0, "\(answer.errors)")
        let lines = answer.output.split(separator: "\n").map(String.init)
        #expect(lines.contains("cairn_runs{state=\"finished\"} 1"), "\(answer.output)")
        #expect(lines.contains("cairn_run_state{run=\"\(run)\",state=\"finished\"} 1"))
        let done = try #require(lines.first { $0.hasPrefix("cairn_tasks_total{outcome=\"done\"}") })
        #expect(try #require(Double(done.split(separator: " ").last ?? "")) > 10)
        let samples = try #require(lines.first { $0.hasPrefix("cairn_samples_total ") })
        #expect(try #require(Double(samples.split(separator: " ").last ?? "")) > 9_000)
        let checked = try tool(["promtool", "check", "metrics"], input: answer.output)
        #expect(checked.status == 0, "\(checked.output)\(checked.errors)")
    }

    /// What `cairn metrics --json` writes, in part.
    private struct Figures: Decodable {
        struct Stage: Decodable { var rounds: [Round] }
        struct Round: Decodable { var loss: Double? }
        struct Test: Decodable { var error: Double }

        var stages: [Stage]
        var tests: [Test]
    }

    private func expectTable(of run: String, in cluster: SmallCluster) throws {
        let file = cluster.folder.appending(path: "run.csv")
        let written = try cluster.cairn(["metrics", run, "--output", file.path])
        #expect(written.status == 0, "\(written.errors)")
        let table = try String(contentsOf: file, encoding: .utf8)
        #expect(try cluster.cairn(["metrics", run, "--csv"]).output == table)
        let script = """
            import csv, json, sys
            print(json.dumps(list(csv.DictReader(sys.stdin))))
            """
        let parsed = try tool(["python3", "-c", script], input: table)
        let rows = try #require(
            JSONSerialization.jsonObject(with: Data(parsed.output.utf8)) as? [[String: String]], "\(parsed.errors)")
        #expect(rows.filter { $0["stage"] == "layer 1" }.compactMap { $0["round"] } == ["0", "1", "2"])
        let tests = rows.filter { $0["stage"] == "evaluation" && $0["error"] != "" }
        #expect(tests.count == 4)

        let ended = try cluster.cairn(["metrics", run, "--json"])
        let figures = try JSONDecoder().decode(Figures.self, from: Data(ended.output.utf8))
        let losses = figures.stages[0].rounds.compactMap(\.loss)
        #expect(losses.count == 2)
        #expect(rows.filter { $0["stage"] == "layer 1" }.compactMap { Double($0["loss"] ?? "") } == losses)
        #expect(tests.compactMap { Double($0["error"] ?? "") } == figures.tests.map(\.error))
        #expect(try cluster.cairn(["metrics", run, "--json", "--csv"]).status != 0)
        #expect(try cluster.cairn(["metrics", "run-00000000"]).status == 1)
    }

    private func expectEventFile(of run: String, in cluster: SmallCluster) throws {
        let folder = cluster.folder.appending(path: "curves")
        let first = try cluster.cairn(["export", run, "--tensorboard", folder.path])
        #expect(first.status == 0, "\(first.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: run).path)
        #expect(names.count == 1 && names[0].hasPrefix("events.out.tfevents."), "\(names)")
        let file = folder.appending(path: "\(run)/\(names[0])")
        #expect(first.output == "wrote \(file.path)\n")
        let bytes = try Data(contentsOf: file)
        #expect(bytes.range(of: Data("brain.Event:2".utf8)) != nil)
        for tag in ["layer 1/loss", "layer 2/held-out error", "evaluation/test error, pretrained"] {
            #expect(bytes.range(of: Data(tag.utf8)) != nil, "\(tag)")
        }
        // The same run gives the same file.
        #expect(try cluster.cairn(["export", run, "--tensorboard", folder.path]).status == 0)
        #expect(try Data(contentsOf: file) == bytes)
        #expect(try cluster.cairn(["export", run]).status != 0)
    }

    @Test func everyLineOfAJSONLogIsAnObjectThatSaysWhatItIsAbout() throws {
        let options = ["--log-format", "json", "--log-level", "debug"]
        let cluster = try SmallCluster(rounds: 1, options: ["--lease", "30"] + options)
        try cluster.startWorker(slots: 2, options: options)
        let submitted = try cluster.cairn(["submit", cluster.plan.path, "--wait"])
        try #require(submitted.status == 0, "\(submitted.errors)")
        let run = submitted.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let worker = cluster.workers[0]
        #expect(cluster.stopWorkers() == [0])
        func lines(_ process: RunningProcess) throws -> [[String: Any]] {
            try process.said.split(separator: "\n").map { try json(String($0)) }
        }
        let (coordinating, working) = (try lines(cluster.coordinator), try lines(worker))
        for (label, line) in coordinating.map({ ("coordinator", $0) }) + working.map({ ("worker", $0) }) {
            #expect(line["label"] as? String == label)
            #expect((line["message"] as? String)?.isEmpty == false)
            #expect(["debug", "info", "warning", "error"].contains(line["level"] as? String))
            let time = try #require(line["time"] as? String)
            #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(time)")
        }
        let averaged = try #require(
            coordinating.first { ($0["message"] as? String)?.contains("round 1 of stage 0 averaged") == true })
        #expect(averaged["run"] as? String == run)
        #expect(averaged["stage"] as? Int == 0 && averaged["round"] as? Int == 1)
        let joined = try #require(working.first { ($0["message"] as? String)?.hasPrefix("joined as ") == true })
        let name = try #require(joined["worker"] as? String)
        // One task's lines can be found on both sides.
        let task = "\(run).s0.r1.t0"
        let leased = try #require(coordinating.first { $0["task"] as? String == task && $0["worker"] != nil })
        let delivered = try #require(working.first { $0["task"] as? String == task })
        #expect(leased["worker"] as? String == name && delivered["worker"] as? String == name)
        #expect(delivered["stage"] as? Int == 0 && delivered["round"] as? Int == 1)
    }

    // MARK: What reads the figures

    @Test func prometheusTakesTheConfigurationAndTheAlerts() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cairn-\(UUID().uuidString.prefix(8))")
        try FileManager.default.copyItem(at: Self.root.appending(path: "cluster/prometheus"), to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("a-secret-of-many-letters".utf8).write(to: folder.appending(path: "cairn-token"))
        for arguments in [
            ["check", "config", "prometheus.yml"], ["check", "rules", "alerts.yml"],
            ["test", "rules", "alerts.test.yml"],
        ] {
            let ended = try tool(["promtool"] + arguments, in: folder)
            #expect(ended.status == 0, "\(arguments): \(ended.output)\(ended.errors)")
        }
    }

    /// docs/watching.md lists all metrics; another test compares its table with the program.
    @Test func alertsAndDashboardNameMetricsThatThereAre() throws {
        func text(_ path: String) throws -> String {
            try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
        }
        let listed = try text("docs/watching.md").matches(of: /\| `((cairn|process)_\w+)` \| (\w+)/)
        #expect(listed.count > 40)
        let names = Set(
            listed.flatMap { match -> [String] in
                guard match.3 == "histogram" else { return [String(match.1)] }
                return ["_bucket", "_sum", "_count"].map { match.1 + $0 }
            })
        let dashboard = try text("cluster/grafana/cairn.json")
        let rules = try text("cluster/prometheus/alerts.yml") + text("cluster/prometheus/alerts.test.yml")
        for source in [dashboard, rules] {
            let used = Set(source.matches(of: /\b(cairn|process)_[a-z_]+/).map { String($0.output.0) })
            #expect(used.count > 5)
            #expect(used.subtracting(names) == [])
        }
        let board = try json(dashboard)
        let panels = try #require(board["panels"] as? [[String: Any]])
        #expect(Set(panels.compactMap { $0["id"] as? Int }).count == panels.count)
        for panel in panels where panel["type"] as? String != "row" {
            let source = try #require(panel["datasource"] as? [String: String])
            #expect(source["uid"] == "${datasource}", "\(panel["title"] ?? "")")
            #expect((panel["targets"] as? [[String: Any]])?.isEmpty == false)
        }
    }
}
