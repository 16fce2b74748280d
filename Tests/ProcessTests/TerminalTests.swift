import Foundation
import Testing

/// What people see of the program at a terminal, and what programs see in its place.
@Suite(.serialized, .timeLimit(.minutes(10))) struct TerminalTests {
    /// Whether the picture of a run at work is there: bars, curves, a row for the worker.
    private func isWatching(_ screen: TerminalScreen) -> Bool {
        let text = screen.text
        return text.contains("running") && text.contains("█") && text.contains("layer 1")
            && text.contains("held-out error")
            && text.contains("samples/s") && screen.lines.contains { $0.contains(/working|idle/) }
    }

    private func expectCleanLines(_ terminal: PseudoTerminal, hasStyles: Bool = true) {
        let screen = terminal.screen
        #expect(!screen.hasWrapped, "\(screen.text)")
        #expect(screen.unknown == [])
        #expect(screen.hasStyles == hasStyles)
    }

    @Test func aRunIsWatchedOnScreensOfAllSizes() throws {
        let cluster = try SmallCluster(rounds: 1_000)
        try cluster.startWorker(slots: 2)
        let run = try cluster.submit()
        func watch(_ columns: Int, _ rows: Int, _ environment: [String: String] = [:], _ options: [String] = []) throws
            -> PseudoTerminal
        {
            try PseudoTerminal(
                ["watch", run, "--coordinator", cluster.url] + options, columns: columns, rows: rows,
                environment: environment)
        }
        let (small, large) = (try watch(80, 24), try watch(200, 50))
        let (tiny, colourless) = (try watch(20, 5), try watch(80, 24, ["NO_COLOR": "1"]))
        let (dumb, quiet) = (try watch(80, 24, ["TERM": "dumb"]), try watch(80, 24, [:], ["--quiet"]))
        let pipe = try RunningProcess(["watch", run, "--coordinator", cluster.url], in: cluster.folder)
        defer { pipe.kill() }

        for terminal in [small, large, colourless] { #expect(terminal.shows(isWatching), "\(terminal.screen.text)") }
        #expect(tiny.shows { $0.text.contains("running") && $0.text.contains("█") }, "\(tiny.screen.text)")
        #expect(dumb.shows { $0.text.contains("layer 1, round 1 of 1000: loss") }, "\(dumb.screen.text)")
        #expect(wait(120) { pipe.said.contains("layer 1, round 1 of 1000: loss") }, "\(pipe.said)")
        for terminal in [small, large, tiny] { expectCleanLines(terminal) }
        expectCleanLines(colourless, hasStyles: false)

        // Whoever makes the window larger gets a larger picture: bars of the most columns that they take.
        #expect(!small.screen.text.contains(/[█░]{60}/))
        small.resize(columns: 180, rows: 40)
        #expect(small.shows { isWatching($0) && $0.text.contains(/[█░]{60}/) }, "\(small.screen.text)")
        expectCleanLines(small)

        #expect(try cluster.cairn(["cancel", run]).status == 0)
        for terminal in [small, large, tiny, colourless, dumb, quiet] { #expect(terminal.exitCode() == 1) }
        #expect(pipe.exitCode(within: 60) == 1)
        for terminal in [small, large, colourless] {
            let screen = terminal.screen
            // Of the picture there is left what came of the run, once, and below it why the command failed.
            #expect(screen.lines.first?.contains(/cancelled +\d+:\d\d$/) == true, "\(screen.text)")
            #expect(screen.lines.count { $0.hasPrefix("run  ") } == 1, "\(screen.text)")
            #expect(!screen.text.contains("heard") && !screen.text.contains("working"), "\(screen.text)")
            #expect(screen.lines.last?.hasPrefix("Error: \(run) was cancelled") == true, "\(screen.text)")
            #expect(screen.column == 0)
        }
        #expect(!dumb.bytes.contains(0x1B) && !pipe.said.utf8.contains(0x1B))
        #expect(quiet.screen.lines.count == 1, "\(quiet.screen.text)")
    }

    @Test func workersAreShownUntilSomebodyHasSeenEnough() throws {
        let cluster = try SmallCluster(rounds: 1_000)
        try cluster.startWorker(slots: 2)
        _ = try cluster.submit()
        let arguments = ["top", "--coordinator", cluster.url]
        let (small, large) = (
            try PseudoTerminal(arguments, columns: 80, rows: 24), try PseudoTerminal(arguments, columns: 200, rows: 50)
        )
        let colourless = try PseudoTerminal(arguments, columns: 80, rows: 24, environment: ["NO_COLOR": "yes"])
        for terminal in [small, large, colourless] {
            #expect(
                terminal.shows { $0.text.contains("1 worker  2 slots") && $0.text.contains("100 %") },
                "\(terminal.screen.text)")
            expectCleanLines(terminal, hasStyles: terminal !== colourless)
            #expect(terminal.isRunning)
            terminal.send(SIGINT)
            #expect(terminal.exitCode() == SIGINT)
            #expect(terminal.screen.column == 0)
        }

        for once in [try cluster.cairn(["top"]), try cluster.cairn(["top", "--once"])] {
            #expect(once.status == 0 && once.errors.isEmpty)
            #expect(once.output.contains("1 worker  2 slots") && once.output.contains("instructions"), "\(once.output)")
            #expect(!once.output.utf8.contains(0x1B))
        }
        let json = try cluster.cairn(["top", "--json"]).output
        let information = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let workers = try #require(information["workers"] as? [[String: Any]])
        #expect(workers.count == 1 && workers[0]["state"] is String && workers[0]["record"] is [String: Any])
    }

    @Test func pretrainingIsWatchedWithoutACoordinator() throws {
        let desk = try Desk()
        let data = try desk.write("samples.idx", Desk.idx(samples: 64))
        let plan = try desk.write("plan.yaml", Desk.plan(data: data, rounds: 40))
        let arguments = ["pretrain", plan, "--output"]
        let terminal = try PseudoTerminal(arguments + [desk.path("one")], columns: 600, rows: 24)
        #expect(terminal.exitCode() == 0, "\(terminal.screen.text)")
        expectCleanLines(terminal)
        let lines = terminal.screen.lines
        #expect(lines.first?.contains("finished") == true && lines.contains { $0.contains("100 %") }, "\(lines)")
        #expect(lines.contains { $0.hasPrefix("pretrained") } && !terminal.screen.text.contains("heard"), "\(lines)")

        let quiet = try PseudoTerminal(arguments + [desk.path("two"), "--quiet"], columns: 200, rows: 24)
        #expect(quiet.exitCode() == 0)
        #expect(quiet.screen.lines.first?.hasPrefix("layer 1") == true && !quiet.bytes.contains(0x1B))
        let piped = try Cairn.run(arguments + [desk.path("three"), "--quiet"])
        #expect(piped.status == 0 && piped.errors.isEmpty && !piped.output.utf8.contains(0x1B))
    }

    /// A program that is stopped again and again takes long enough for its bar, however fast the machine.
    private func slowly(_ terminal: PseudoTerminal, until condition: (TerminalScreen) -> Bool) -> Bool {
        wait(120) {
            terminal.send(SIGSTOP)
            usleep(30_000)
            terminal.send(SIGCONT)
            usleep(3_000)
            return condition(terminal.screen) || !terminal.isRunning
        } && condition(terminal.screen)
    }

    @Test func aBarIsThereWhileWorkTakesLongAndGoneAfterwards() throws {
        let desk = try Desk()
        try desk.pictures()
        try FileManager.default.removeItem(atPath: desk.path("pictures/b.png"))
        for number in 1..<20_000 {
            try #require(link(desk.path("pictures/a.png"), desk.path("pictures/\(number).png")) == 0)
        }
        let arguments = ["data", "inspect", desk.path("pictures")]
        let piped = try Cairn.run(arguments)
        #expect(piped.status == 0 && piped.errors.isEmpty && piped.output.contains("samples  20000\n"))
        for (environment, hasStyles) in [([:], true), (["NO_COLOR": "1"], false)] {
            let terminal = try PseudoTerminal(arguments, columns: 80, rows: 24, environment: environment)
            #expect(
                slowly(terminal) { $0.text.contains(/reading +[█░]+ +\d+ % +[\d,.]+ pictures\/s/) },
                "\(terminal.screen.text)")
            #expect(terminal.exitCode() == 0)
            expectCleanLines(terminal, hasStyles: hasStyles)
            #expect(terminal.screen.text + "\n" == piped.output)
        }
        let quiet = try PseudoTerminal(arguments + ["--quiet"], columns: 80, rows: 24)
        #expect(quiet.exitCode() == 0 && !quiet.bytes.contains(0x1B))
        #expect(quiet.screen.text + "\n" == piped.output)
    }
}
