import Foundation
import Testing

extension BrowserTests {
    /// Everybody can use the page: what axe-core finds in each view, light, dark and on a phone.
    @Suite(.enabled(if: Axe.script != nil, "scripts/install-packages test has not fetched axe.min.js"))
    struct AccessibilityTests {
        @Test func aFinishedRunHasNoObstacle() throws {
            try Browser.use { browser in
                let cluster = try SmallCluster(rounds: 1)
                try cluster.startWorker(slots: 2)
                let run = try cluster.submit()
                let views = DashboardView.all(of: run)
                try browser.open(views[2], at: cluster.url)
                try browser.wait(for: "/finished/i.test(document.querySelector('#run-state')?.textContent)")
                try Self.expectNoObstacle(browser, views, at: cluster.url)
            }
        }

        @Test func aClusterAtWorkHasNoObstacle() throws {
            try Browser.use { browser in
                let parade = try ParadeServer(["--workers", "120", "--rounds", "60"])
                let waiting = DashboardView(
                    description: "waiting", fragment: "#/runs/run-waiting",
                    sign: "document.querySelector('.needed code')")
                try Self.expectNoObstacle(browser, DashboardView.all(of: ParadeServer.run) + [waiting], at: parade.url)
                for appearance in Browser.Appearance.allCases {
                    try browser.show(appearance)
                    try browser.open(DashboardView.all(of: ParadeServer.run)[0], at: parade.url)
                    try browser.click("#new-run")
                    try browser.wait(for: "document.querySelector('#new-run-dialog').open")
                    try Axe.expectNoViolation(browser, "dialog for a new run, \(appearance)")
                    browser.keepScreenshot("new-run-\(appearance)")
                }
            }
        }

        private static func expectNoObstacle(_ browser: Browser, _ views: [DashboardView], at url: String) throws {
            for appearance in Browser.Appearance.allCases {
                try browser.show(appearance)
                for view in views {
                    try browser.open(view, at: url)
                    try Axe.expectNoViolation(browser, "\(view), \(appearance)")
                    browser.keepScreenshot("\(view)-\(appearance)")
                }
            }
        }
    }
}

/// Deque's checker, run inside the page.
enum Axe {
    static let script: String? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
        return try? String(contentsOf: root.appending(path: ".build/checkers/axe.min.js"), encoding: .utf8)
    }()

    static func expectNoViolation(_ browser: Browser, _ place: String) throws {
        for violation in try violations(browser) { Issue.record("\(place): \(violation)") }
    }

    /// What breaks WCAG 2.2 A and AA or axe's best practice, each with the elements: looked for again where something
    /// is found, since the page may have been changing just then.
    private static func violations(_ browser: Browser) throws -> [String] {
        var found: [String] = []
        for _ in 1...4 {
            try browser.run("if (!window.axe) { \(script ?? "")\nwindow.axe = axe }")
            let answer = try browser.runToItsAnswer(
                """
                const done = arguments[arguments.length - 1]
                const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
                const text = violation => `${violation.id}: ${violation.help}: ` + violation.nodes.slice(0, 4).map(
                    node => `${node.html.slice(0, 200)} (${node.failureSummary})`).join(" | ")
                axe.run(document, {runOnly: {type: "tag", values: tags}}).then(
                    ({violations, passes}) => done(passes.length < 5 ? ["it looked at nothing"] : violations.map(text)),
                    error => done([`axe failed: ${error}`]))
                """)
            found = answer as? [String] ?? ["axe said nothing"]
            if found.isEmpty { break }
            usleep(500_000)
        }
        return found
    }
}
