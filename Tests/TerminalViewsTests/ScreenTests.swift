import RunProtocol
import TerminalViews
import Testing

/// Whole screens, character by character.
@Suite struct ScreenTests {
    private func watch(_ columns: Int, _ rows: Int) throws -> [Line] {
        WatchScreen(try Example.run(), workers: try Example.workers(), time: 500)
            .lines(in: ScreenSize(columns: columns, rows: rows))
    }

    private func top(_ columns: Int, _ rows: Int) throws -> [Line] {
        let information = CoordinatorInformation(version: "0.1.0", workers: try Example.workers())
        return TopScreen(information, at: "http://127.0.0.1:8420").lines(in: ScreenSize(columns: columns, rows: rows))
    }

    /// Its loss is that of the tasks that are done.
    @Test func theRoundInProgressIsNotDrawnAsIfItWereComplete() throws {
        var run = try Example.run()
        run.stages[1].history.append(RoundRecord(round: 6, samples: 100, metrics: ["loss": 98_765]))
        let size = ScreenSize(columns: 100, rows: 24)
        #expect(!WatchScreen(run, workers: [], time: 500).lines(in: size).shown.contains("98"))
        run.stages[1].outputs = Example.outputs(unit: MetricUnit(name: "squared error", values: 784))
        let wide = ScreenSize(columns: 160, rows: 24)
        #expect(
            WatchScreen(run, workers: [], time: 500).lines(in: wide).shown
                .contains("squared error, summed over a sample's 784 values"))
    }

    @Test func watchOnASmallScreen() throws {
        #expect(
            try watch(80, 24).shown == """
                digits  run-01234567                                               running  6:40

                run      ███████████████████████████░░░░░░░░░░░   73 %  stage 2 of 3  12:34 left
                layer 2  ████████████████████░░░░░░░░░░░░░░░░░░   53 %  round 6 of 10  0:56 left
                round 6  ██████████████░░░░░░░░░░░░░░░░░░░░░░░░   37 %  3 of 8 tasks

                layer 2: loss   20.000  █▃▂▁▁
                held-out error  25.000  █▃▂▁▁▁

                3 workers  5 tasks in progress  12,346 samples/s  31 % active  2 dead  118 MiB …

                host         state        samples/s  median   done  refused  failed  lost  heard
                gamma\\u{1b…  quarantined      5,000    91 %  1,234        0       0     0    3 s
                日本         lost                            1,234        0       0     0    3 s
                epsilon      idle             6,000   109 %  1,234        0       1     0    3 s
                beta         working          1,200    22 %  1,234        0       0     0    3 s
                alpha        working          5,500   100 %  1,234        0       0     0    3 s
                """)
    }

    private func watchRemarks(_ columns: Int, _ rows: Int) throws -> String {
        var run = try Example.run()
        for (stage, mean) in [10.0, 50].enumerated() {
            for record in run.stages[stage].history.indices {
                run.stages[stage].history[record].metrics["meanError"] = mean
            }
        }
        run.remarks = (1...4).map {
            Remark(.fewSteps, "number \($0)\u{1B}[2J takes 4 steps in all, too few to learn much")
        }
        return WatchScreen(run, workers: try Example.workers(), time: 500)
            .lines(in: ScreenSize(columns: columns, rows: rows)).shown
    }

    @Test func aSmallScreenHasTheNewestRemarksALineEach() throws {
        let shown = try watchRemarks(90, 24)
        #expect(shown.contains("\nremark: number 3"))
        #expect(shown.contains("\nremark: number 4"))
        #expect(!shown.contains("number 2"))
        #expect(!shown.contains("\u{1B}"))
        #expect(shown.contains("0.500 of the mean's"))
    }

    @Test func aLargeScreenHasWholeRemarksAndRatios() throws {
        let shown = try watchRemarks(100, 60)
        for number in 1...4 { #expect(shown.contains("remark: number \(number)")) }
        #expect(shown.contains("too few to learn much"))
        #expect(shown.contains("of the mean's"))
        #expect(shown.contains("1.364"))
    }

    @Test func watchOnALargeScreen() throws {
        #expect(
            try watch(200, 50).shown == """
                digits  run-01234567                                                                                \
                                                                                                       running  6:40

                run      ███████████████████████████████████████████░░░░░░░░░░░░░░░░░   73 %  stage 2 of 3  12:34 le\
                ft
                layer 2  ████████████████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░   53 %  round 6 of 10  0:56 le\
                ft
                round 6  ██████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   37 %  3 of 8 tasks

                                        █
                                        █
                                        █▄
                layer 2: loss   20.000  ██▆▂▁
                                        █
                                        █
                                        █▅
                held-out error  25.000  ██▇▄▂▁

                3 workers  5 tasks in progress  12,346 samples/s  31 % active  2 dead  118 MiB on disk

                finished  rounds  held-out error  time  why
                layer 1       10          13.636  2:00  the held-out error fell no more

                host            worker  state        slots  tasks  samples/s  GFLOP/s  median   done  refused  faile\
                d  lost  heard  instructions  why
                gamma\\u{1b}[2J  w-9     quarantined      4      0      5,000       50    91 %  1,234        0      \
                 0     0    3 s  AVX2          its answers differ
                日本            w-2     lost             4      0                              1,234        0       0 \
                    0    3 s  AVX2
                epsilon         w-7     idle             4      0      6,000       60   109 %  1,234        0       \
                1     0    3 s  AVX2
                beta            w-4     working          4      3      1,200       12    22 %  1,234        0       \
                0     0    3 s  AVX2
                alpha           w-5     working          4      2      5,500       55   100 %  1,234        0       \
                0     0    3 s  AVX2
                """)
    }

    @Test func watchOnATinyScreen() throws {
        #expect(
            try watch(20, 5).shown == """
                digi…  running  6:40
                run      ██░░   73 %
                layer 2  ██░░   53 %
                round 6  █░░░   37 %
                layer 2: loss   20.…
                """)
    }

    @Test func aClockThatWasSetBackLeavesAStagesTimeOut() throws {
        var run = try Example.run()
        run.stages[0].finishedAt = 50
        let lines = WatchScreen(run, workers: [], time: 30).lines(in: ScreenSize(columns: 120, rows: 50)).shown
            .split(separator: "\n")
        #expect(lines.first?.hasSuffix("running  0:00") == true)
        let row = try #require(lines.first { $0.hasPrefix("layer 1 ") && $0.contains("the held-out error fell") })
        #expect(!row.contains(":"), "\(row)")
    }

    @Test func topOnASmallScreen() throws {
        #expect(
            try top(80, 24).shown == """
                http://127.0.0.1:8420  cairn 0.1.0
                5 workers  20 slots  2 working  1 idle  1 quarantined  1 lost

                host         state        samples/s  median   done  refused  failed  lost  heard
                gamma\\u{1b…  quarantined      5,000    91 %  1,234        0       0     0    3 s
                日本         lost                            1,234        0       0     0    3 s
                epsilon      idle             6,000   109 %  1,234        0       1     0    3 s
                beta         working          1,200    22 %  1,234        0       0     0    3 s
                alpha        working          5,500   100 %  1,234        0       0     0    3 s
                """)
    }

    @Test func topOnALargeScreen() throws {
        #expect(
            try top(200, 50).shown == """
                http://127.0.0.1:8420  cairn 0.1.0
                5 workers  20 slots  2 working  1 idle  1 quarantined  1 lost

                host            worker  state        slots  tasks  samples/s  GFLOP/s  median   done  refused  faile\
                d  lost  heard  instructions  why
                gamma\\u{1b}[2J  w-9     quarantined      4      0      5,000       50    91 %  1,234        0      \
                 0     0    3 s  AVX2          its answers differ
                日本            w-2     lost             4      0                              1,234        0       0 \
                    0    3 s  AVX2
                epsilon         w-7     idle             4      0      6,000       60   109 %  1,234        0       \
                1     0    3 s  AVX2
                beta            w-4     working          4      3      1,200       12    22 %  1,234        0       \
                0     0    3 s  AVX2
                alpha           w-5     working          4      2      5,500       55   100 %  1,234        0       \
                0     0    3 s  AVX2
                """)
    }

    @Test func topOnATinyScreen() throws {
        #expect(
            try top(20, 5).shown == """
                http://127.0.0.1:84…
                5 workers  20 slots…
                """)
    }
}
