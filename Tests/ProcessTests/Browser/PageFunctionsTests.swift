import Testing

extension BrowserTests {
    /// What the page's modules make of what they are told, asked in a browser.
    @Suite struct PageFunctionsTests {
        /// - Returns: what each expression is, as JSON; all that the modules export is there by its name.
        private static func values(of expressions: [String], _ browser: Browser) throws -> [String] {
            let modules = ["format", "lanes", "outcome", "run", "runs", "state"].map { "import('./\($0).js')" }
                .joined(separator: ", ")
            let script = """
                const done = arguments[arguments.length - 1]
                Promise.all([\(modules)]).then(([format, lanes, outcome, rounds, runs, state]) => done([
                    \(expressions.map { "JSON.stringify(\($0))" }.joined(separator: ",\n"))
                ]), error => done([String(error)]))
                """
            return try #require(try browser.runToItsAnswer(script) as? [String])
        }

        private static func expect(_ expected: KeyValuePairs<String, String>) throws {
            try Browser.use { browser in
                let parade = try ParadeServer(["--workers", "3", "--rounds", "9"])
                try browser.open(parade.url + "/")
                try browser.wait(for: Browser.isLive)
                let found = try values(of: expected.map(\.key), browser)
                try #require(found.count == expected.count, "\(found)")
                for ((expression, value), other) in zip(expected, found) {
                    #expect(other == value, "\(expression)")
                }
            }
        }

        /// Where a clock was set back, what ends before it begins takes no time, and an age is none.
        @Test func nothingTakesLessThanNoTime() throws {
            let span = "{leasedAt: 9000, computingAt: 9001, sendingAt: 9005"
            let run = "{submittedAt: 9000, toldAt: 9000, stages: []"
            try Self.expect([
                "format.duration(-7192.8)": #""0.0 s""#, "format.wholeDuration(-7192.8)": #""0 s""#,
                "format.age(-7192.8)": #""now""#,
                "lanes.spanLimits(\(span)}, 1800)": "[1800,1800]",
                "lanes.spanLimits(\(span), endedAt: 1900}, 2000)": "[1900,1900]",
                "lanes.partsOf(\(span)}, 1800)": #"[["fetching",1800,1800]]"#,
                "lanes.partsOf({leasedAt: 10, computingAt: 20, sendingAt: 15, endedAt: 30}, 99)":
                    #"[["fetching",10,20],["sending",20,30]]"#,
                "lanes.partsOf({leasedAt: 10, computingAt: 12, endedAt: 5, outcome: 'lost'}, 99)": #"[["lost",5,5]]"#,
                "runs.timeText(\(run), state: 'finished', finishedAt: 1808}, 1810)": #""""#,
                "runs.timeText(\(run), state: 'running'}, 1810)": #""""#,
                "state.secondsLeft(\(run), state: 'running', secondsLeft: 40}, 1800)": "40",
            ])
        }

        @Test func timeLeftIsCountedDownAndEndsAtNothing() throws {
            let run = "{submittedAt: 0, toldAt: 100, secondsLeft: 40, stages: []"
            try Self.expect([
                "runs.timeText(\(run), state: 'running'}, 100)": #""40 s left""#,
                "runs.timeText(\(run), state: 'running'}, 133.5)": #""7 s left""#,
                "runs.timeText(\(run), state: 'running'}, 1000)": #""0 s left""#,
                "runs.timeText(\(run), state: 'waiting'}, 100)": #""for 1 min 40 s""#,
                "runs.timeText(\(run), state: 'finished', finishedAt: 90}, 1000)": #""took 1 min 30 s""#,
            ])
        }

        @Test func progressIsWhatTheCoordinatorSays() throws {
            try Self.expect([
                "state.progressOf({state: 'running', progress: 0.25, stages: []})": "0.25",
                "state.progressOf({state: 'preparing', stages: []})": "0",
                "state.progressOf({state: 'finished', stages: []})": "1",
                "state.isOpen({round: 3})": "true", "state.isOpen({round: 3, seconds: 0})": "false",
                "state.isOpen({round: 0})": "false",
            ])
        }

        /// A stage of a kind that the program does not have: what it describes is drawn.
        @Test func whatAStageDescribesIsDrawn() throws {
            let metric = "{name: 'overlap', title: 'overlap', direction: 'higherIsBetter', format: 'share'"
            let run = """
                {stages: [{name: 'masks'}], run: {outputs: [
                {metrics: [\(metric), of: 'weights', chart: 'Overlap'}], tables: [], series: []},
                {metrics: [\(metric), of: 'trial'}], isCollected: true,
                tables: [{name: 'ranks', title: 'Ranks', rows: 'query', columns: 'rank'}],
                series: [{name: 'precision', title: 'precision', axis: 'answers', chart: 'Precision'}]}],
                changes: {rounds: 1, outcome: 1}, classNames: [], rounds: new Map([[0, new Map([[1,
                {round: 1, samples: 3, seconds: 1, overlap: 0.5}]])]]), results: [
                {stage: 1, draw: 0, group: 'by codes', overlap: 0.25, ranks: [[1, 2, 5]], precision: [1, 0.5]}]}}
                """
            let end = "return [...view.element.querySelectorAll('h3')].map(title => title.textContent) })(\(run))"
            try Self.expect([
                "(({stages, run}) => { const view = rounds.roundsSection(); view.update({stages}, run); \(end)":
                    #"["Overlap","Samples a second","Bytes of updates a round"]"#,
                "(({run}) => { const view = outcome.outcomeSection(); view.update(run); \(end)":
                    #"["Ranks","Overlap","Precision, a thin line each trial"]"#,
            ])
        }

        @Test func tasksAreDrawnAsFarAsTheyAreKnown() throws {
            let span = "{leasedAt: 10, computingAt: 12, share: 0.5"
            try Self.expect([
                "lanes.partsOf(\(span), stalledAt: 20}, 50)":
                    #"[["fetching",10,12],["computing",12,20],["stalled",20,50]]"#,
                "lanes.partsOf(\(span), stalledAt: 20, sendingAt: 40, endedAt: 45, outcome: 'done'}, 50)":
                    #"[["fetching",10,12],["computing",12,40],["sending",40,45]]"#,
                "lanes.partsOf(\(span), endedAt: 45, outcome: 'unknown'}, 50)": #"[["unknown",10,45]]"#,
            ])
        }
    }
}
