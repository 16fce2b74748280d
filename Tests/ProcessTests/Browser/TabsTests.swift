import Foundation
import Testing

extension BrowserTests {
    /// Many pages of one coordinator: over HTTP/1.1 a browser gives a host six connections.
    @Suite struct TabsTests {
        @Test func eightTabsAreLiveAndGoOnWhenTheyAreSeenAgain() throws {
            try Browser.use { browser in
                let parade = try ParadeServer(["--workers", "5", "--rounds", "200", "--round-seconds", "1"])
                let view = DashboardView.all(of: ParadeServer.run)[1]
                let tabs = try browser.openTabs(8, view, at: parade.url)
                try browser.showTab(tabs[0])
                try browser.wait(for: Browser.isLive)
                try browser.run(
                    """
                    const place = document.querySelector("#connection")
                    window.states = []
                    new MutationObserver(() => states.push(place.dataset.state)).observe(place, {attributes: true})
                    """)
                // A run goes on from one measure's chart to the next one's.
                let points =
                    "[...document.querySelectorAll('[data-chart]')].reduce((sum, one) => sum + +one.dataset.points, 0)"
                let before = try #require(try browser.look(points, as: Int.self))
                _ = try browser.requests()
                // A hidden tab is not heard: it remembers what became of it.
                let hasPaused = try wait(Browser.patience) {
                    try browser.showTab(tabs[1])
                    usleep(4_000_000)
                    try browser.showTab(tabs[0])
                    return try browser.look("states.includes('paused')") == true
                }
                #expect(hasPaused)
                try browser.wait(for: Browser.isLive)
                try browser.wait(for: "\(points) > \(before)")
                #expect(try browser.requests().contains { $0.contains("/v1/live?run=run-parade&after=") })
                try browser.expectNoComplaint()
            }
        }
    }
}

extension Browser {
    static let isLive = "document.querySelector('#connection')?.dataset.state === 'live'"

    /// Opens a view in as many tabs, one after the other, and waits in each until it is live and shows something.
    func openTabs(_ count: Int, _ view: DashboardView, at url: String) throws -> [String] {
        var tabs = [try tab]
        try open(view, at: url)
        for _ in 1..<count {
            tabs.append(try openTab())
            try open(view, at: url)
        }
        return tabs
    }
}
