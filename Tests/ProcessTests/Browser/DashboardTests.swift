import Foundation
import Testing

extension BrowserTests {
    /// What people see of a real coordinator and its workers.
    @Suite struct DashboardTests {
        private static let points = "+(document.querySelector('[data-chart=\"loss\"]')?.dataset.points ?? 0)"
        private static let isLive = "document.querySelector('#connection')?.dataset.state === 'live'"

        /// Started, watched, cut off, taken up and cancelled, without loading the page again.
        @Test func aRunIsStartedWatchedAndCancelledOnThePage() throws {
            try Browser.use { browser in
                let cluster = try SmallCluster(rounds: 7_000, options: ["--lease", "1"])
                try cluster.startWorker()
                try cluster.startWorker()
                try browser.open(cluster.url + "/")
                try browser.wait(for: Self.isLive)
                try browser.run("window.sameDocument = true")
                let run = try Self.startRun(browser, cluster)
                try Self.expectGrowth(browser)

                cluster.coordinator.kill()
                try browser.wait(for: "document.querySelector('#connection').dataset.state === 'reconnecting'")
                try cluster.restartCoordinator()
                try browser.wait(for: Self.isLive)
                try Self.expectGrowth(browser)

                try browser.click("nav a[href=\"#/workers\"]")
                let lost = try Self.row(of: cluster.workers[0], browser)
                cluster.workers[0].kill()
                try browser.wait(for: "document.querySelector('\(lost)[data-state=\"lost\"]')")
                try browser.wait(for: "document.querySelector('[data-worker]:not([data-state=\"lost\"])')")

                try browser.run("location.hash = '#/runs/\(run)'")
                try browser.click("#cancel-run")
                try browser.click("#cancel-confirm")
                try browser.wait(for: "/cancelled/i.test(document.querySelector('#run-state')?.textContent)")
                #expect(try cluster.status(run)["state"] as? String == "cancelled")
                #expect(try browser.look("window.sameDocument", as: Bool.self) == true)
                try browser.expectNoComplaint(except: Browser.awayComplaints + ["status of 422"])
                try browser.expectNoRequest(elsewhereThan: cluster.url)
            }
        }

        /// First with a mistake in the plan, then without. - Returns: the run's name.
        private static func startRun(_ browser: Browser, _ cluster: SmallCluster) throws -> String {
            let plan = try String(contentsOf: cluster.plan, encoding: .utf8)
            try browser.click("#new-run")
            try browser.fill("#plan-text", plan.replacing("replicas:", with: "replicants:"))
            try browser.click("#plan-submit")
            try browser.wait(for: "document.querySelector('#plan-error').textContent.includes('replicants')")
            #expect(try cluster.cairn(["list"]).output.contains("run-") == false)
            try browser.fill("#plan-text", plan)
            try browser.click("#plan-submit")
            try browser.wait(for: "location.hash.startsWith('#/runs/run-')")
            let run = try #require(try browser.look("location.hash.split('/')[2]", as: String.self))
            #expect(try cluster.cairn(["list"]).output.contains(run))
            return run
        }

        /// A selector of the worker's row, which is there: the worker has joined the coordinator that runs now.
        private static func row(of worker: RunningProcess, _ browser: Browser) throws -> String {
            var row = ""
            let isThere = try wait(Browser.patience) {
                guard let joined = worker.said.matches(of: /joined as ([\w\-]+)/).last else { return false }
                row = "[data-worker=\"\(joined.1)\"]"
                return try browser.look("!!document.querySelector('\(row)')") == true
            }
            try #require(isThere, "\(worker.said)")
            return row
        }

        /// The curve gets longer.
        private static func expectGrowth(_ browser: Browser) throws {
            try browser.wait(for: "\(points) > 0")
            let before = try #require(try browser.look(points, as: Int.self))
            try browser.wait(for: "\(points) > \(before)")
        }

        @Test func whatWasLearntIsShownInTheEnd() throws {
            try Browser.use { browser in
                let cluster = try SmallCluster(rounds: 2)
                try cluster.startWorker(slots: 2)
                let run = try cluster.submit()
                // Looked at from the beginning: the pictures come as there is something to draw.
                let views = DashboardView.all(of: run)
                try browser.open(views[2], at: cluster.url)
                try browser.wait(for: "/finished/i.test(document.querySelector('#run-state')?.textContent)")
                let pictures = "[...document.querySelectorAll('main img')].filter(image => image.naturalWidth > 0)"
                try browser.wait(for: "\(pictures).length >= 3")
                try browser.open(views[1], at: cluster.url)
                try browser.wait(for: "document.querySelector('#confusion td')")
                // Two draws' classifiers were tested with 500 samples each.
                let cells =
                    "[...document.querySelectorAll('#confusion td:not(.sum)')].map(cell => +cell.textContent || 0)"
                let counted = try browser.look("\(cells).reduce((sum, count) => sum + count, 0)", as: Int.self)
                #expect(counted == 1_000)
                for appearance in Browser.Appearance.allCases {
                    try browser.show(appearance)
                    for view in views {
                        try browser.open(view, at: cluster.url)
                        // Nothing sticks out to the right, whatever the width.
                        let page = "document.documentElement"
                        try browser.wait(for: "\(page).scrollWidth <= \(page).clientWidth")
                        browser.keepScreenshot("\(view)-\(appearance)")
                    }
                }
                // Some were asked for when there was nothing to show yet.
                try browser.expectNoComplaint(except: ["status of 409"])
                try browser.expectNoRequest(elsewhereThan: cluster.url)
            }
        }

        @Test func whatOthersWroteIsShownAsItIs() throws {
            try Browser.use { browser in
                let parade = try ParadeServer(["--workers", "20", "--rounds", "20", "--hostile"])
                for view in DashboardView.all(of: ParadeServer.run) {
                    try browser.open(view, at: parade.url)
                    // A dialog would end the test: no command works while one is open.
                    #expect(try browser.look("typeof window.hurt", as: String.self) == "undefined", "\(view)")
                    let made = "document.querySelectorAll('img[src=\"x\"], main script, [onerror]').length"
                    #expect(try browser.look(made, as: Int.self) == 0, "\(view)")
                    try browser.wait(for: "document.querySelector('main').textContent.includes('<img src=x onerror=')")
                }
                try browser.expectNoComplaint(except: ["status of 409"])
                try browser.expectNoRequest(elsewhereThan: parade.url)
            }
        }

        @Test func theTokenIsAskedForOnce() throws {
            let secret = "a-secret-of-many-letters"
            let desk = try Desk()
            let file = try desk.write("token", secret)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            try Browser.use { browser in
                let cluster = try SmallCluster(rounds: 1, options: ["--token-file", file])
                try browser.open(cluster.url + "/")
                try browser.fill("#token", "another-secret-of-many-letters")
                try browser.click("#sign-in-submit")
                try browser.wait(for: "document.querySelector('#sign-in-error').textContent.trim()")
                try browser.fill("#token", secret)
                try browser.click("#sign-in-submit")
                try browser.wait(for: Self.isLive)
                let isAsked = "document.querySelector('#sign-in').open"
                #expect(try browser.look(isAsked, as: Bool.self) == false)
                let run = try Self.startRun(browser, cluster, token: file)

                try cluster.restartCoordinator()
                try browser.wait(for: Self.isLive)
                try browser.open(cluster.url + "/")
                try browser.wait(for: Self.isLive)
                try browser.wait(for: "document.querySelector('[data-run=\"\(run)\"]')")
                #expect(try browser.look(isAsked, as: Bool.self) == false)

                #expect(try browser.look("document.cookie", as: String.self) == "")
                let kept = "JSON.stringify([{...localStorage}, {...sessionStorage}, history.state, location.href])"
                #expect(try #require(try browser.look(kept, as: String.self)).contains(secret) == false)
                let asked = try browser.requests()
                #expect(asked.contains { $0.hasSuffix("/v1/session") })
                #expect(asked.filter { $0.contains("secret") } == [])
                try browser.expectNoComplaint(except: Browser.awayComplaints + ["status of 401", "status of 422"])
                #expect(!cluster.coordinator.said.contains(secret))
            }
        }

        private static func startRun(_ browser: Browser, _ cluster: SmallCluster, token: String) throws -> String {
            try browser.click("#new-run")
            try browser.fill("#plan-text", String(contentsOf: cluster.plan, encoding: .utf8))
            try browser.click("#plan-submit")
            try browser.wait(for: "location.hash.startsWith('#/runs/run-')")
            let run = try #require(try browser.look("location.hash.split('/')[2]", as: String.self))
            #expect(try cluster.cairn(["list", "--token-file", token]).output.contains(run))
            return run
        }
    }
}
