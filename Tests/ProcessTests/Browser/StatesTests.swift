import Testing

extension BrowserTests {
    /// What is not as it should be, or not known yet, as the page shows it: a made-up cluster has one of each.
    @Suite struct StatesTests {
        private static let command = "cairn worker --coordinator http://10.0.0.7:8420 --token-file token"

        @Test func eachStateOfAWorkerIsNamedCountedAndFiltered() throws {
            try Browser.use { browser in
                let parade = try ParadeServer(["--workers", "50", "--rounds", "60"])
                try browser.open(DashboardView.all(of: ParadeServer.run)[5], at: parade.url)
                let rows = "[...document.querySelectorAll('[data-worker]')]"
                let summary = "document.querySelector('#worker-summary').textContent"
                for state in ["stalled", "silent", "quarantined", "lost", "left"] {
                    try browser.wait(for: "\(summary).includes('1 \(state)')")
                    try browser.fill("#worker-state", state)
                    try browser.wait(for: "\(rows).length === 1 && \(rows)[0].dataset.state === '\(state)'")
                    try browser.wait(for: "\(rows)[0].querySelector('.badge').textContent === '\(state)'")
                }
                // One is at work, and in trouble all the same.
                try browser.fill("#worker-state", "trouble")
                try browser.wait(for: "\(rows).length === 5 && \(summary).includes('1 with trouble')")
                try browser.wait(for: "\(rows).some(row => row.textContent.includes('413, the body is too large'))")
                try browser.wait(for: "document.querySelector('.command code').textContent === '\(Self.command)'")
                try browser.expectNoComplaint()
            }
        }

        @Test func aRunThatWaitsSaysWhyAndWhatToDo() throws {
            try Browser.use { browser in
                let parade = try ParadeServer(["--workers", "3", "--rounds", "9"])
                try browser.open("\(parade.url)/#/runs/run-waiting")
                try browser.wait(for: "document.querySelector('#run-state')?.textContent === 'waiting'")
                let main = "document.querySelector('main').innerText"
                try browser.wait(for: "\(main).includes('no worker has more than 8 GiB')")
                try browser.wait(for: "document.querySelector('.needed .command code').innerText === '\(Self.command)'")
                try browser.expectNoComplaint()
            }
        }

        /// Two measures have charts of their own, and the round in progress is not drawn as a complete one.
        @Test func lossesHaveUnitsAndUnfinishedRoundsAreToldApart() throws {
            try Browser.use { browser in
                let parade = try ParadeServer(["--workers", "6", "--rounds", "60", "--round-seconds", "600"])
                try browser.open(DashboardView.all(of: ParadeServer.run)[1], at: parade.url)
                let titles = "[...document.querySelectorAll('.chart h3')].map(title => title.textContent)"
                for title in ["Training loss", "Held-out error"] {
                    for measure in ["binary cross-entropy", "squared error"] {
                        try browser.wait(for: "\(titles).includes('\(title): \(measure)')")
                    }
                }
                // Layer 2 is at work: its loss is the squared error.
                let chart = "document.querySelectorAll('[data-chart=\"loss\"]')[1]"
                try browser.wait(for: "\(chart).dataset.open === '1'")
                try browser.wait(for: "\(chart).querySelector('.plot circle.open')")
                #expect(
                    try browser.look("document.querySelector('[data-chart=\"loss\"]').dataset.open", as: String.self)
                        == "0")
                try browser.run(
                    """
                    \(chart).querySelector("details").open = true
                    \(chart).querySelector(".field").dispatchEvent(new KeyboardEvent("keydown", {key: "End"}))
                    """)
                let told = "\(chart).querySelector('.field').getAttribute('aria-valuetext')"
                try browser.wait(for: "/layer 2 [\\d.]+ per sample, [\\d.]+ per value, so far/.test(\(told))")
                try browser.wait(for: "\(chart).querySelector('.tip').textContent.includes(', so far')")
                try browser.wait(
                    for: "\(chart).querySelector('thead').textContent.includes('layer 2, per samplelayer 2, per value')"
                )
                try browser.wait(for: "\(chart).querySelector('tbody tr').textContent.includes(', so far')")
                try browser.click("[data-chart=\"loss\"] .toggle")
                let unit = "document.querySelector('[data-chart=\"loss\"] .unit').textContent"
                try browser.wait(for: "\(unit) === 'per value'")
                try browser.wait(for: "/[1-9]\\d*\\s%/.test(document.querySelector('.summary .share').textContent)")
                try browser.expectNoComplaint()
            }
        }

        @Test func remarksStandWhereTheyBelong() throws {
            try Browser.use { browser in
                let parade = try ParadeServer(["--workers", "3", "--rounds", "9"])
                try browser.open(DashboardView.all(of: ParadeServer.run)[1], at: parade.url)
                let place = { (name: String) in "document.querySelector('[aria-label=\"\(name)\"]').innerText" }
                try browser.wait(for: "\(place("Remarks")).includes('7 of 20 shards are never read')")
                try browser.wait(for: "\(place("Remarks on layers")).includes('layer 1: 12 of 32 units')")
                #expect(try browser.look("\(place("Remarks")).includes('12 of 32')", as: Bool.self) == false)
            }
        }

        /// By keyboard alone: what became of each task, and when the coordinator was started.
        @Test func theTimelineSaysWhatIsNotKnown() throws {
            try Browser.use { browser in
                let parade = try ParadeServer(["--workers", "50", "--rounds", "60"])
                try browser.open(DashboardView.all(of: ParadeServer.run)[3], at: parade.url)
                let starts = "document.querySelector('#timeline-starts').textContent"
                let time = "\\d\\d:\\d\\d:\\d\\d"
                try browser.wait(
                    for: "/started at \(time), \(time). Tasks are known from \(time) on/.test(\(starts))")
                for expected in ["(stalled)", "· stalled ", "(silent)", "(left)", "unknown: the coordinator"] {
                    try browser.wait(for: "\(Self.walk).some(text => text.includes('\(expected)'))")
                }
                try browser.expectNoComplaint()
            }
        }

        /// What is told of each row's last and first task, one arrow key after the other.
        private static let walk = """
            (() => {
                const field = document.querySelector(".timeline")
                const press = key => field.dispatchEvent(new KeyboardEvent("keydown", {key}))
                const texts = []
                const note = () => texts.push(document.querySelector("#timeline-telling").textContent)
                press("Escape")
                press("ArrowDown")
                for (let row = 0; row < 60; row += 1) {
                    for (let step = 0; step < 12; step += 1) { note(); press("ArrowLeft") }
                    press("ArrowDown")
                }
                return texts
            })()
            """
    }
}
