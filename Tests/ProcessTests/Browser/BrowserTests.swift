import Foundation
import Testing

/// The dashboard in a real browser. One test at a time: a browser takes what processor there is.
@Suite(
    .serialized, .timeLimit(.minutes(30)),
    .enabled(if: Browser.isInstalled, "Debian's chromium, chromium-driver and curl are not all installed"))
struct BrowserTests {}

/// A part of the dashboard.
struct DashboardView: CustomStringConvertible {
    var description: String
    /// What follows the address.
    var fragment: String
    /// An expression that is true once it shows something.
    var sign: String

    static func all(of run: String) -> [DashboardView] {
        let page = "#/runs/\(run)"
        return [
            DashboardView(description: "runs", fragment: "#/", sign: "document.querySelector('[data-run=\"\(run)\"]')"),
            DashboardView(
                description: "run", fragment: page,
                sign: "+(document.querySelector('[data-chart=\"loss\"]')?.dataset.points ?? 0) > 0"),
            DashboardView(
                description: "learnt", fragment: page + "/learnt",
                sign: "+(document.querySelector('[data-chart=\"codes\"]')?.dataset.points ?? 0) > 0"),
            DashboardView(
                description: "timeline", fragment: page + "/timeline",
                sign: "document.querySelector('main canvas, main svg')"),
            DashboardView(
                description: "events", fragment: page + "/events",
                sign: "document.querySelectorAll('[data-event]').length > 2"),
            DashboardView(
                description: "workers", fragment: "#/workers", sign: "document.querySelector('[data-worker]')"),
        ]
    }
}

extension Browser {
    /// Opens a view of the dashboard at `url`, and waits until it is live and shows something.
    func open(_ view: DashboardView, at url: String) throws {
        try open("\(url)/\(view.fragment)")
        try wait(for: "document.querySelector('#connection')?.dataset.state === 'live'")
        try wait(for: view.sign)
    }

    /// Fails the test for each address that was asked for elsewhere than at `url`.
    func expectNoRequest(elsewhereThan url: String) throws {
        let all = try requests()
        #expect(all.contains { $0.hasPrefix("\(url)/v1/live") })
        let elsewhere = all.filter { address in
            ["http:", "https:", "ws:", "wss:", "ftp:"].contains { address.hasPrefix($0) }
                && !address.hasPrefix("\(url)/")
        }
        #expect(elsewhere == [])
    }

    /// Fails the test for each complaint on the console that contains none of `expected`.
    func expectNoComplaint(except expected: [String] = []) throws {
        let unexpected = try complaints().filter { complaint in !expected.contains { complaint.contains($0) } }
        #expect(unexpected == [])
    }

    /// What the browser says while a server is away, or in the moment in which it comes back.
    static let awayComplaints = ["net::ERR_", "status of 503"]
}

/// `cairn-parade` as a process of its own.
final class ParadeServer {
    private let desk: Desk
    private let process: RunningProcess
    let url: String
    static let run = "run-parade"

    init(_ arguments: [String]) throws {
        desk = try Desk()
        process = try RunningProcess(arguments, in: desk.folder, program: "cairn-parade")
        var found: String?
        let process = process
        wait(Browser.patience) {
            found = process.said.firstMatch(of: /listening on (http:\S+)/).map { String($0.1) }
            return found != nil || !process.isRunning
        }
        url = try #require(found, "\(process.said)")
    }

    deinit { process.kill() }
}
