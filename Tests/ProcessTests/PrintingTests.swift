import Foundation
import Testing

/// Names from plans, files and other hosts reach no terminal as they are.
@Suite(.timeLimit(.minutes(10))) struct PrintingTests {
    /// Colours, a title, a second line that looks like a run's, a turned direction of writing, and C1's control sequence.
    private static let name = #""\e[31mred\e]0;title\a\nrun-00000000  finished  forged\r\u202e\x9b2J""#

    @Test func noCommandPrintsAPlansNameRaw() throws {
        let cluster = try SmallCluster(rounds: 1, more: "name: \(Self.name)\n")
        try cluster.startWorker(slots: 2)
        let checked = try Cairn.run(["plan", "check", cluster.plan.path])
        expectHarmless(checked, ["plan", "check"])
        #expect(checked.output.contains("\\u{1b}[31mred"), "\(checked)")
        let run = try cluster.submit()
        let weights = cluster.folder.appending(path: "weights.safetensors").path
        let results = cluster.folder.appending(path: "results").path
        try FileManager.default.createDirectory(atPath: results, withIntermediateDirectories: true)
        let commands = [
            ["watch", run], ["list"], ["list", "--json"], ["status", run], ["status", run, "--json"],
            ["events", run], ["events", run, "--json"], ["top", "--once"], ["top", "--json"], ["gc"],
            ["metrics", run], ["metrics", run, "--json"], ["export", run, "--output", weights],
            ["export", run, "--output", results], ["export", run, "--output", results, "--json"],
            ["export", run, "--tensorboard", results], ["submit", cluster.plan.path],
            ["submit", cluster.plan.path, "--json"], ["cancel", "latest"],
        ]
        for command in commands {
            let ended = try cluster.cairn(command)
            #expect(ended.status == 0, "\(command): \(ended)")
            expectHarmless(ended, command)
        }
        let list = try cluster.cairn(["list"]).output
        let lines = list.split(separator: "\n").filter { $0.hasPrefix("run-") }
        #expect(lines.count == 3, "\(list)")
        #expect(list.contains("\\u{1b}[31mred"), "\(list)")
        expectHarmless(cluster.coordinator.said, "the coordinator's log")
    }

    @Test func noCommandPrintsAFilesNameRaw() throws {
        let desk = try Desk()
        let file = try desk.write("\u{1b}[31m\u{202e}\u{9b}2J.csv", "a\u{1b}[31m,b\n1,2\n3,4\n")
        let missing = desk.path("\u{1b}]0;title\u{7}")
        let plan = try desk.write("plan.yaml", Desk.plan(data: missing.replacing("\u{1b}", with: "")))
        let commands = [
            ["data", "inspect", file], ["data", "inspect", missing], ["plan", "check", file], ["submit", missing],
            ["data", "inspect", file, "--json"], ["data", "inspect", file, "--label-column", "\u{1b}[31m"],
            ["evaluate", file, "--samples", file], ["picture", file, "--samples", file, "--output", missing],
            ["coordinator", "--state", "/proc/\u{1b}[31m"], ["pretrain", plan, "--output", desk.path("out")],
        ]
        for command in commands { expectHarmless(try Cairn.run(command), command) }
    }

    private func expectHarmless(_ ended: Cairn.Ended, _ command: [String]) {
        expectHarmless(ended.output, "\(command)")
        expectHarmless(ended.errors, "\(command)")
    }

    private func expectHarmless(_ text: String, _ what: String) {
        let harmful = text.unicodeScalars.filter { scalar in
            switch scalar.properties.generalCategory {
            case .control: scalar != "\n" && scalar != "\t"
            case .format, .lineSeparator, .paragraphSeparator: true
            default: false
            }
        }
        #expect(harmful.isEmpty, "\(what): \(text.debugDescription)")
    }
}
