import Foundation
import Testing

extension BrowserTests {
    /// The page and a worker behind nginx, as `docs/cluster.md` configures it.
    @Suite(.enabled(if: Nginx.isInstalled, "Debian's nginx-light and openssl are not both installed"))
    struct NginxTests {
        /// Signed in, a plan submitted, its run seen to its end, and eight tabs: below each of the documented addresses.
        @Test(arguments: ["", "/cairn"]) func thePageAndAWorkerWorkBehindIt(path: String) throws {
            let secret = "a-secret-of-many-letters"
            let desk = try Desk()
            let token = try desk.write("token", secret)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: token)
            try Browser.use { browser in
                let cluster = try SmallCluster(rounds: 2, options: ["--token-file", token])
                let nginx = try Nginx(upTo: cluster.url, path: path)
                let url = nginx.url + path
                // Without a slash at its end: nginx puts it there.
                try browser.open(url)
                try browser.fill("#token", secret)
                try browser.click("#sign-in-submit")
                try browser.wait(for: Browser.isLive)
                let cookie = try #require(try browser.cookies().first)
                #expect(cookie["path"] as? String == path + "/")
                #expect(cookie["secure"] as? Bool == true && cookie["httpOnly"] as? Bool == true)
                try browser.click("#new-run")
                try browser.fill("#plan-text", String(contentsOf: cluster.plan, encoding: .utf8))
                try browser.click("#plan-submit")
                try browser.wait(for: "location.hash.startsWith('#/runs/run-')")
                let run = try #require(try browser.look("location.hash.split('/')[2]", as: String.self))

                let options = ["--slots", "2", "--ca-file", nginx.certificate, "--token-file", token]
                let worker = try RunningProcess(
                    ["worker", "--coordinator", url, "--cache", "proxied"] + options, in: cluster.folder)
                defer { worker.kill() }
                try browser.wait(for: "/finished/i.test(document.querySelector('#run-state')?.textContent)")
                let views = DashboardView.all(of: run)
                for view in views { try browser.open(view, at: url) }
                try browser.wait(
                    for: "document.querySelector('.command code').textContent.includes('\(url) --token-file token')")
                _ = try browser.openTabs(8, views[1], at: url)

                let asked = try browser.requests().filter { $0.hasPrefix("http") }
                #expect(asked.contains { $0.hasPrefix("\(url)/v1/live?run=\(run)") })
                #expect(asked.filter { !$0.hasPrefix(url + "/") && $0 != url } == [])
                // Pictures are asked for before there is something to draw; the token was missing at first.
                try browser.expectNoComplaint(except: ["status of 401", "status of 409"])
            }
        }
    }
}

/// nginx with a configuration out of `docs/cluster.md`, on a free port, in a folder of its own.
final class Nginx {
    private let desk: Desk
    private var process: RunningProcess
    private(set) var url: String
    /// Made for `localhost`, signed by itself.
    var certificate: String { desk.path("certificate.pem") }

    private static let program = "/usr/sbin/nginx"
    static var isInstalled: Bool {
        [program, "/usr/bin/openssl"].allSatisfy(FileManager.default.isExecutableFile)
    }

    /// - Parameters:
    ///   - coordinator: such as `http://127.0.0.1:8420`.
    ///   - path: of the location that the configuration is to have; empty for `/`.
    init(upTo coordinator: String, path: String) throws {
        desk = try Desk()
        let made = try Cairn.run(
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost", "-keyout", desk.path("key.pem"), "-out", desk.path("certificate.pem"),
            ], program: "/usr/bin/openssl")
        try #require(made.status == 0, "\(made.errors)")
        let block = try Self.documented(location: path + "/")
            .replacing(/server_name [^;]+/, with: "server_name localhost")
            .replacing(/ssl_certificate [^;]+/, with: "ssl_certificate \(desk.path("certificate.pem"))")
            .replacing(/ssl_certificate_key [^;]+/, with: "ssl_certificate_key \(desk.path("key.pem"))")
            .replacing("127.0.0.1:8420", with: coordinator.replacing("http://", with: ""))
        (process, url) = try Self.start(block, in: desk)
        // Another process may have taken the port meanwhile.
        for _ in 1...5 where try !answers(at: path) { (process, url) = try Self.start(block, in: desk) }
        try #require(try answers(at: path), "\(process.said)")
    }

    /// One process, of which nothing is left however it ends. - Returns: its URL as well.
    private static func start(_ block: String, in desk: Desk) throws -> (RunningProcess, String) {
        let port = try freePort()
        let listening = block.replacing(/listen (\[::\]:)?443/) { "listen \($0.1 ?? "127.0.0.1:")\(port)" }
        try desk.write("nginx.conf", around(listening))
        let process = try RunningProcess(
            ["-p", desk.folder.path, "-c", "nginx.conf", "-e", "stderr", "-g", "daemon off; master_process off;"],
            in: desk.folder, program: program)
        return (process, "https://localhost:\(port)")
    }

    /// - Returns: false where it has ended.
    private func answers(at path: String) throws -> Bool {
        try wait(60) {
            try !process.isRunning
                || Cairn.run(
                    ["-q", "--silent", "--noproxy", "*", "--cacert", certificate, "\(url)\(path)/healthz"],
                    program: "/usr/bin/curl"
                ).output == "ok"
        } && process.isRunning
    }

    deinit { process.kill() }

    /// The block of the document that has such a location.
    private static func documented(location: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
        let text = try String(contentsOf: root.appending(path: "docs/cluster.md"), encoding: .utf8)
        let blocks = text.matches(of: /```nginx\n((?s:.*?))```/).map { String($0.1) }
        return try #require(blocks.first { $0.contains("location \(location) {") })
    }

    /// What Debian's own `nginx.conf` has around it, with all files in the folder.
    private static func around(_ block: String) -> String {
        let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \($0);\n" }.joined()
        return "pid nginx.pid;\nevents {}\nhttp {\naccess_log off;\n\(folders)\(block)}\n"
    }

    /// A port that was free just now.
    private static func freePort() throws -> Int {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        try #require(isBound)
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
