import Foundation
import Testing

extension BrowserTests {
    /// The page of a run whose kind of model only `cairn-fixture` knows.
    @Suite struct OtherKindOnPageTests {
        @Test func metricsNodesAndTablesAreShownAsTheKindSays() throws {
            try Browser.use { browser in
                let desk = try Desk()
                let plan = try OtherKindTests.plan(in: desk, samples: 1_200, rounds: 60, patience: 3)
                let cluster = try OtherKindTests.Cluster(desk)
                try cluster.startWorkers([Cairn.path])
                let run = try cluster.cairn(["submit", plan, "--wait"]).trimmingCharacters(in: .whitespacesAndNewlines)
                try browser.open("\(cluster.url)/#/runs/\(run)")
                try browser.wait(for: "document.querySelector('#connection')?.dataset.state === 'live'")
                try browser.wait(for: "document.querySelectorAll('#confusion td').length > 3")
                for chart in ["accuracy", "loss"] {
                    try browser.wait(
                        for: "+(document.querySelector('[data-chart=\"\(chart)\"]')?.dataset.points ?? 0) > 3")
                }
                let text = try browser.look("document.querySelector('main').innerText", as: String.self) ?? ""
                for word in ["units", "classes", "left · 3, right · 2", "accuracy", "Confusion matrix", "Pair error"] {
                    #expect(text.lowercased().contains(word.lowercased()), "\(word): \(text)")
                }
                browser.keepScreenshot("other-kind")
                try browser.expectNoComplaint()
            }
        }
    }
}
