import RunProtocol
import TerminalViews
import Testing

/// What others wrote, and numbers that nobody expects.
@Suite struct HostileTextTests {
    @Test func textIsMadeSafeToMeasure() {
        // Not as arguments: what runs tests prints them as they are.
        for (text, shown) in [
            ("plain", "plain"), ("\u{1B}[2J", "\\u{1b}[2J"), ("a\r\nb", "a\\u{d}\\u{a}b"),
            ("\u{202E}txt", "\\u{202e}txt"), ("e\u{301}", "e?"), ("👩\u{200D}👧", "?\\u{200d}?"), ("日本", "日本"),
            ("\u{5E9}\u{5DC}", "??"), ("\u{E9}", "\u{E9}"),
        ] { #expect(text.displayable() == shown) }
    }

    @Test func longTextIsCut() {
        #expect(String(repeating: "x", count: 1_000).displayable(atMost: 5) == "xxxxx...")
    }

    private func hostile() throws -> (RunStatus, [WorkerStatus]) {
        var run = try Example.run(name: "日本\u{1B}[31m\u{7}" + String(repeating: "語", count: 100))
        run.reason = "a\nb \u{1B}]0;title\u{7} " + String(repeating: "long", count: 50) + " 語 語 語"
        run.secondsLeft = .greatestFiniteMagnitude
        run.samplesPerSecond = -.greatestFiniteMagnitude
        run.submittedAt = -.greatestFiniteMagnitude
        run.diskBytes = .max
        for stage in run.stages.indices {
            run.stages[stage].name = "layer\u{8}\u{8}"
            run.stages[stage].note = "\u{9B}2J"
            (run.stages[stage].progress, run.stages[stage].secondsLeft) = (-.greatestFiniteMagnitude, -1e300)
            run.stages[stage].round = stage == 0 ? .min : .max
            run.stages[stage].rounds = .min
            run.stages[stage].tasks = .min
            run.stages[stage].tasksDone = .max
            run.stages[stage].history.append(
                RoundRecord(
                    round: .max, samples: .max,
                    metrics: [
                        "loss": .greatestFiniteMagnitude, "heldOutError": -.greatestFiniteMagnitude,
                        "activeShare": 1e300, "deadUnits": Double(Int.min),
                    ], seconds: .greatestFiniteMagnitude))
            for metric in run.stages[stage].metrics.indices {
                run.stages[stage].outputs?.metrics[metric].title = "\u{1B}c\n日本"
                run.stages[stage].outputs?.metrics[metric].ratio = "\u{1B}c"
                run.stages[stage].outputs?.metrics[metric].phrase = "\u{1B}c"
                run.stages[stage].outputs?.metrics[metric].unit = MetricUnit(name: "\u{1B}c", values: .max)
            }
        }
        var workers = try Example.workers()
        for index in workers.indices {
            workers[index].registration.host += "\u{1B}c\n"
            workers[index].registration.slots = .max
            workers[index].registration.instructionSet = "\u{1B}[5m"
            workers[index].quarantine = "\u{1B}[?1049h"
            workers[index].secondsSinceHeard = 1e300
            workers[index].record.gigaflops = index == 0 ? .leastNonzeroMagnitude : 1e308
            workers[index].record.tasksDone = .min
            workers[index].record.tasksLost = .max
        }
        return (run, workers)
    }

    @Test func nothingIsWiderOrTallerThanItsScreenNorSteersIt() throws {
        let (run, workers) = try hostile()
        let information = CoordinatorInformation(version: "\u{1B}c", workers: workers)
        for (columns, rows) in [(1, 1), (2, 3), (7, 4), (20, 5), (33, 12), (80, 24), (119, 17), (200, 50), (999, 400)] {
            let size = ScreenSize(columns: columns, rows: rows)
            let screens = [
                WatchScreen(run, workers: workers, time: 1e300, notice: nil).lines(in: size),
                WatchScreen(run, workers: [], time: 0, notice: "gone\u{1B}c").lines(in: size),
                TopScreen(information, at: "http://\u{1B}c", notice: "\u{1B}c").lines(in: size),
            ]
            for lines in screens {
                #expect(!lines.isEmpty && lines.count <= rows)
                for line in lines {
                    #expect(line.width <= columns, "\(columns)x\(rows): \(line.text(isColoured: false))")
                    #expect(!line.text(isColoured: false).unicodeScalars.contains { $0.value < 32 || $0.value == 0x9B })
                }
            }
        }
    }
}
