import Foundation
import Testing

extension BrowserTests {
    /// How far a run is, on the page and in a terminal at the same instant.
    @Suite struct ProgressOnPageTests {
        private static let share = "document.querySelector('.summary .share')?.textContent ?? ''"
        private static let left = "document.querySelector('.summary').innerText"

        /// - Parameter text: such as `14 %`.
        private static func percent(_ text: String) -> Int? {
            text.firstMatch(of: /(\d+)\s%/).flatMap { Int($0.1) }
        }

        /// Of the bar of the whole run, which is the first one.
        private static func percent(_ terminal: PseudoTerminal) -> Int? {
            terminal.screen.lines.first { $0.hasPrefix("run ") }.flatMap(percent)
        }

        @Test func pageAndTerminalTellTheSame() throws {
            try Browser.use { browser in
                let cluster = try SmallCluster(rounds: 400, options: ["--lease", "1"])
                try cluster.startWorker()
                let run = try cluster.submit()
                let terminal = try PseudoTerminal(
                    ["watch", run, "--coordinator", cluster.url], columns: 100, rows: 30)
                try browser.open("\(cluster.url)/#/runs/\(run)")
                try browser.wait(for: "/[1-9]\\d*\\s%/.test(\(Self.share))")
                #expect(terminal.shows { $0.text.contains("running") && $0.text.contains("left") })

                // Each is told twice a second at most: what the page says lies between what the terminal said before and
                // says then.
                for _ in 0..<8 {
                    let before = try #require(Self.percent(terminal), "\(terminal.screen.text)")
                    let page = try #require(try browser.look(Self.share, as: String.self).flatMap(Self.percent))
                    Thread.sleep(forTimeInterval: 1)
                    let after = try #require(Self.percent(terminal), "\(terminal.screen.text)")
                    #expect((before - 1...after + 1).contains(page), "\(before) % ... \(after) %, not \(page) %")
                }

                // Nothing moves any more: the same to the percent, and none knows how long that lasts.
                cluster.workers[0].kill()
                try browser.wait(for: "document.querySelector('#run-state')?.textContent === 'waiting'")
                #expect(terminal.shows { $0.text.contains("waiting") })
                let isEqual = try wait(20) {
                    let page = try browser.look(Self.share, as: String.self).flatMap(Self.percent)
                    return page != nil && page == Self.percent(terminal)
                }
                #expect(isEqual, "\(terminal.screen.text)")
                #expect(!terminal.screen.text.contains(" left"), "\(terminal.screen.text)")
                #expect(try browser.look("\(Self.left).includes(' left')", as: Bool.self) == false)
                let status = try cluster.status(run)
                #expect(status["state"] as? String == "waiting" && status["secondsLeft"] == nil)
                let told = try #require(status["progress"] as? Double)
                #expect(abs(Double(Self.percent(terminal) ?? -1) - 100 * told) <= 1)
                try browser.expectNoComplaint()
            }
        }
    }
}
