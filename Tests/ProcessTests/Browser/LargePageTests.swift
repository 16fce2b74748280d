import Foundation
import Testing

extension BrowserTests {
    /// The page with a large cluster, and what it costs.
    @Suite struct LargePageTests {
        @Test func aThousandWorkersAndFiveHundredRoundsAreShown() throws {
            try Browser.use { browser in
                let parade = try ParadeServer(["--workers", "1000", "--rounds", "500"])
                // Kept from the first moment of each document on.
                let observer = """
                    window.longTasks = []
                    new PerformanceObserver(list => longTasks.push(...list.getEntries().map(entry => entry.duration)))
                        .observe({type: "longtask", buffered: true})
                    """
                try browser.tell("Page.addScriptToEvaluateOnNewDocument", ["source": observer])
                for view in DashboardView.all(of: ParadeServer.run) {
                    try browser.open(view, at: parade.url)
                    // It goes on changing, and so does the page.
                    let news = "window.seen !== undefined && document.querySelector('main').innerHTML !== window.seen"
                    if view.description != "learnt" {
                        try browser.run("window.seen = document.querySelector('main').innerHTML")
                        try browser.wait(for: view.description == "timeline" ? "true" : news)
                    }
                    let longest = try browser.look("Math.round(Math.max(0, ...longTasks))", as: Int.self)
                    let heap = try browser.look("performance.memory?.usedJSHeapSize ?? 0", as: Int.self)
                    print("\(view): longest task \(longest ?? 0) ms, heap \((heap ?? 0) >> 20) MiB")
                }
                try browser.wait(
                    for: "/of 1\\D?000/.test(document.querySelector('main').textContent)")
                try browser.expectNoComplaint(except: ["status of 409"])
            }
        }

        @Test func thePageIsLight() throws {
            try Browser.use { browser in
                let parade = try ParadeServer(["--workers", "3", "--rounds", "9"])
                try browser.open(DashboardView.all(of: ParadeServer.run)[1], at: parade.url)
                let files = """
                    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
                        .filter(entry => !new URL(entry.name).pathname.startsWith("/v1/"))
                    """
                let bytes = try browser.look(
                    "\(files).reduce((sum, entry) => sum + entry.encodedBodySize, 0)", as: Int.self)
                let weight = try #require(bytes)
                #expect(weight > 1_000 && weight < 200_000)
                let paint = try browser.look(
                    "performance.getEntriesByName('first-contentful-paint')[0]?.startTime", as: Double.self)
                let count = try browser.look("\(files).length", as: Int.self)
                print("\(weight) bytes in \(count ?? 0) files, first paint after \(paint ?? .nan) ms")
            }
        }
    }
}
