import Foundation
import Testing

@Suite struct PlanTests {
    @Test func aPlanIsWrittenCheckedAndNotOverwritten() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let plan = folder.appending(path: "plan.yaml").path

        #expect(try Cairn.run(["plan", "init", plan]).status == 0)
        #expect(try Cairn.run(["plan", "check", plan]).status == 0)
        let again = try Cairn.run(["plan", "init", plan])
        #expect(again.status == 1)
        #expect(again.errors.contains("--force"))

        try "layers:\n  - unit: 3\n".write(toFile: plan, atomically: true, encoding: .utf8)
        let wrong = try Cairn.run(["plan", "check", plan])
        #expect(wrong.status == 1)
        #expect(wrong.output.contains("line 2: layers[0].unit: is unknown here; do you mean `units`?"))
        let json = try Cairn.run(["plan", "check", plan, "--json"])
        #expect(json.status == 1)
        #expect(json.output.contains("\"mistakes\""))
    }

    @Test func filesThatAreNotThereAreNamed() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let plan = folder.appending(path: "plan.yaml").path
        try "1,2\n3,4\n".write(toFile: folder.appending(path: "here.csv").path, atomically: true, encoding: .utf8)
        let text = """
            data:
              unlabeled: here.csv
              held_out: 1
              labeled: {samples: away.csv, labels: away.idx}
              test: {samples: away.csv, labels: /nowhere/labels.idx}
            layers: [{units: 2}]
            fine_tuning: {epochs: 1}
            """
        try text.write(toFile: plan, atomically: true, encoding: .utf8)
        let ended = try Cairn.run(["plan", "check", plan])
        #expect(ended.status == 1 && ended.output.contains("but not all of its files are there"), "\(ended)")
        let missing = ended.output.split(separator: "\n").filter { $0.hasPrefix("missing: ") }
        #expect(missing == ["missing: away.csv", "missing: away.idx", "missing: /nowhere/labels.idx"])
        #expect(ended.output.contains("--no-files"))
        let json = try Cairn.run(["plan", "check", plan, "--json"])
        #expect(json.status == 1 && json.output.contains("\"missingFiles\""), "\(json)")
        let alone = try Cairn.run(["plan", "check", plan, "--no-files"])
        #expect(alone.status == 0 && alone.output.contains("this plan is right\n"), "\(alone)")
    }

    @Test func aMissingPlanIsNamed() throws {
        let ended = try Cairn.run(["plan", "check", "/nowhere/plan.yaml"])
        #expect(ended.status == 1)
        #expect(ended.errors.contains("/nowhere/plan.yaml: there is no such file"))
    }
}
