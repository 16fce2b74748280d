import Foundation
import Testing

/// Coordinators that are not simply at a host and port.
@Suite(.timeLimit(.minutes(3))) struct AddressTests {
    @Test func aReverseProxysPathIsFollowed() throws {
        let coordinator = try FakeCoordinator([
            "/cairn/v1/runs": #"{"runs": []}"#,
            "/cairn/v1/info": #"{"protocolVersion": 3, "version": "1", "workers": []}"#,
        ])
        for address in ["\(coordinator.url)/cairn", "\(coordinator.url)/cairn/"] {
            let option = try Cairn.run(["list", "--coordinator", address])
            #expect(option.status == 0 && option.output.hasPrefix("no runs"), "\(option)")
            let variable = try Cairn.run(["list"], environment: ["CAIRN_COORDINATOR": address])
            #expect(variable.status == 0 && variable.output.hasPrefix("no runs"), "\(variable)")
        }
        #expect(try Cairn.run(["list", "--coordinator", coordinator.url]).status == 1)
    }

    @Test func commandsAndWorkersSayThatTheyGoThroughAProxy() throws {
        let proxy = try FakeCoordinator([:], other: (403, "<html>not for you</html>"))
        let value = proxy.url.replacing("http://", with: "http://me:s3cr3t@")
        let notice =
            "requests to http://trainer.invalid:8420 go through the proxy \(proxy.url) of http_proxy; "
            + "set NO_PROXY=trainer.invalid to go round it"
        let environment = ["http_proxy": value, "no_proxy": "", "NO_PROXY": ""]
        let address = ["--coordinator", "http://trainer.invalid:8420"]
        let listed = try Cairn.run(["list"] + address, environment: environment)
        #expect(listed.status == 1 && listed.errors.contains(notice), "\(listed)")
        #expect(listed.errors.contains("answers GET /v1/runs with status 403"), "\(listed)")
        #expect(listed.errors.contains("went through the proxy \(proxy.url) of http_proxy"), "\(listed)")
        let quiet = try Cairn.run(["watch", "latest", "--quiet"] + address, environment: environment)
        #expect(!quiet.errors.contains(notice) && quiet.errors.contains("went through the proxy"), "\(quiet)")
        #expect(!(listed.errors + quiet.errors).contains("s3cr3t"))

        let desk = try Desk()
        let worker = try RunningProcess(
            environment.map { "\($0)=\($1)" } + [Cairn.path, "worker", "--cache", desk.path("cache")] + address,
            in: desk.folder, program: "/usr/bin/env")
        defer { worker.kill() }
        #expect(
            wait(30) { worker.said.contains("went through the proxy \(proxy.url) of http_proxy") }, "\(worker.said)")
        #expect(worker.said.contains("info \(notice)\n") && !worker.said.contains("s3cr3t"), "\(worker.said)")
    }
}
