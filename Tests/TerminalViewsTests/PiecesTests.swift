import RunProtocol
import TerminalViews
import Testing

/// What screens are made of.
@Suite struct PiecesTests {
    @Test func aLineIsCutByColumnsAndKeepsItsStyles() {
        let line = Line("ab", .bad) + Line("日本語", .strong) + "cd"
        #expect(line.width == 10)
        #expect(line.cut(to: 10) == line)
        #expect(line.cut(to: 9).text(isColoured: true) == "\u{1B}[31mab\u{1B}[0m\u{1B}[1m日本語\u{1B}[0m…")
        // A wide character that has no room for both its columns goes.
        #expect(line.cut(to: 6).text(isColoured: false) == "ab日…")
        #expect(line.cut(to: 1).text(isColoured: false) == "…")
        #expect(line.cut(to: 0).width == 0)
        #expect(line.fitted(to: 6).width == 6)
        #expect(Line("a").fitted(to: 3, isRight: true).text(isColoured: true) == "  a")
        #expect((Line("a ", .bad) + Line("  ")).trimmed == Line("a", .bad))
        #expect(line.text(isColoured: false) == "ab日本語cd")
    }

    @Test(arguments: [
        (0, "testing  ░░░░░░░░░░░░░░    0 %  0.0 samples/s"),
        (1, "testing  ░░░░░░░░    0 %  0.5 samples/s  33:18 left"),
        (500, "testing  ████░░░░   50 %  250 samples/s  0:02 left"),
        (999, "testing  ███████░   99 %  500 samples/s  0:00 left"),
        (1_000, "testing  ████████  100 %  500 samples/s  0:00 left"),
    ]) func aBarHasShareRateAndTimeLeft(done: Int, shown: String) {
        let bar = ProgressBar("testing", done: done, of: 1_000, unit: "samples", after: 2)
        let width = done == 0 ? 45 : done == 1 ? 51 : 50
        #expect(bar.line(width: width).text(isColoured: false) == shown)
    }

    @Test func aLineWithoutDrawingSaysTheSame() {
        let bar = ProgressBar("testing", done: 500, of: 1_000, unit: "samples", after: 2)
        #expect(bar.text == "testing: 50 %, 250 samples/s, 0:02 left")
        #expect(
            ProgressBar("weights", done: 3 << 20, of: nil, unit: "bytes", after: 2).text
                == "weights: 3.0 MiB, 1.5 MiB/s")
        #expect(ProgressBar("reading", after: 75).text == "reading: 1:15")
        #expect(ProgressBar("measuring", after: 75, of: 100).text == "measuring: 75 %, 0:25 left")
        #expect(ProgressBar("measuring", after: 101, of: 100).text == "measuring: 100 %, 0:00 left")
    }

    @Test func whereNobodyKnowsTheEndThereIsNoBar() {
        let bar = ProgressBar("weights", done: 3 << 20, of: nil, unit: "bytes", after: 2)
        #expect(bar.line(width: 80).text(isColoured: false) == "weights  3.0 MiB  1.5 MiB/s")
    }

    @Test func aBarGivesUpItsFiguresAndThenItself() {
        let bar = ProgressBar("testing", done: 500, of: 1_000, unit: "samples", after: 2)
        #expect(bar.line(width: 45).text(isColoured: false) == "testing  ███████░░░░░░░   50 %  250 samples/s")
        #expect(bar.line(width: 24).text(isColoured: false) == "testing  ████░░░░   50 %")
        #expect(bar.line(width: 17).text(isColoured: false) == "testing   50 %")
        #expect(bar.line(width: 4).text(isColoured: false) == "tes…")
    }

    @Test func aCurveGoesFromItsLowestToItsHighestValue() {
        #expect(Curve([0, 1, 2, 3, 4, 5, 6, 7]).lines(width: 8) == ["▁▂▃▄▅▆▇█"])
        #expect(Curve([5, 5]).lines(width: 8) == ["▁▁"])
        #expect(Curve([.nan, 0, .infinity, 1]).lines(width: 8) == ["▁█"])
        #expect(Curve([]).lines(width: 8, height: 2) == ["", ""])
        #expect(Curve([-.greatestFiniteMagnitude, .greatestFiniteMagnitude]).lines(width: 8) == ["▁█"])
        // Means of neighbours where there is no room for all.
        #expect(Curve([0, 0, 4, 4, 7, 7]).lines(width: 3) == ["▁▅█"])
        #expect(
            Curve((0..<16).map(Double.init)).lines(width: 16, height: 2) == ["        ▁▂▃▄▅▆▇█", "▁▂▃▄▅▆▇█████████"])
        #expect(Curve([1, 2]).lines(width: 0) == [""])
    }

    @Test func aTableCutsCellsThenLeavesColumnsOut() {
        let table = Table(
            columns: [
                Table.Column(title: "name", least: 4), Table.Column(title: "size", isRight: true, rank: 1),
                Table.Column(title: "empty", rank: 1), Table.Column(title: "why", least: 4, rank: 2),
            ],
            rows: [
                [Line("alphabet"), Line("7"), Line(), Line("because")], [Line("b"), Line("12"), Line(), Line("no")],
            ])
        #expect(table.lines(width: 80).shown == "name      size  why\nalphabet     7  because\nb           12  no")
        #expect(table.lines(width: 18).shown == "name    size  why\nalpha…     7  bec…\nb         12  no")
        #expect(table.lines(width: 14).shown == "name      size\nalphabet     7\nb           12")
        #expect(table.lines(width: 9).shown == "name\nalphabet\nb")
        #expect(table.lines(width: 3).shown == "na…\nal…\nb")
    }

    @Test(arguments: [
        (0, "0:00"), (59.6, "1:00"), (754, "12:34"), (3_723, "1:02:03"), (500_000, "5 days"), (-3, "0:00"),
        (.infinity, "long"), (1e300, "long"),
    ]) func timesAreReadable(seconds: Double, shown: String) {
        #expect(Figure.duration(seconds) == shown)
    }

    @Test func numbersAreReadable() {
        #expect(Figure.number(1_234_567.891, decimals: 2) == "1,234,567.89")
        #expect(Figure.number(-0.04, decimals: 1) == "0.0")
        #expect(Figure.number(-999.5) == "-1,000")
        #expect(Figure.number(1e300, decimals: 3) == "1e+300")
        #expect(Figure.number(0.005, decimals: 3) == "0.005")
        #expect([512, 2_048, 5e9].map(Figure.bytes) == ["512 B", "2.0 KiB", "4.7 GiB"])
        #expect([3, 100, 7_300].map(Figure.age) == ["3 s", "1 min", "2 h"])
        #expect(Figure.count(1, "worker") == "1 worker" && Figure.count(2_000, "worker") == "2,000 workers")
    }

    @Test func wordsAreWrapped() {
        #expect("one two three".wrapped(to: 7) == ["one two", "three"])
        #expect("onetwothree four".wrapped(to: 4) == ["onet", "woth", "ree", "four"])
        #expect("".wrapped(to: 4) == [""])
    }

    @Test func whoIsInTroubleComesFirst() throws {
        var workers = try Example.workers()
        for number in 1...40 { workers.append(try Example.worker("host-\(number)", .working, gigaflops: 55)) }
        let lines = WorkerTable(workers).lines(width: 80, height: 7).map { $0.text(isColoured: false) }
        #expect(lines.count == 7 && lines[0].hasPrefix("host"))
        #expect(
            lines[1...5].map { $0.prefix(5).trimmingSuffix { $0 == " " } } == ["gamma", "日本", "epsil", "beta", "alpha"])
        #expect(lines[6] == "and 40 more workers")
        #expect(WorkerTable(workers).lines(width: 80, height: 46).count == 46)
        #expect(WorkerTable([]).lines(width: 80, height: 46).isEmpty)
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> String {
        String(String(reversed().drop(while: isTrimmed)).reversed())
    }
}
