import CoordinatorClient
import Foundation
import RunProtocol
import Testing

/// Which proxy the environment puts between, and that messages name it.
@Suite struct EnvironmentProxyTests {
    private static let proxy = "http://proxy.example:3128"

    private func variable(_ url: String, _ environment: [String: String]) throws -> String? {
        try ClientConfiguration(url: url, environment: environment).proxy?.variable
    }

    @Test(
        arguments: [
            ("http://trainer", ["http_proxy": proxy], "http_proxy"),
            // A web server sets this one from the header `Proxy` of whoever calls it.
            ("http://trainer", ["HTTP_PROXY": proxy], nil),
            ("http://trainer", ["https_proxy": proxy], nil), ("https://trainer", ["http_proxy": proxy], nil),
            ("https://trainer", ["HTTPS_PROXY": proxy], "HTTPS_PROXY"),
            ("https://trainer", ["HTTPS_PROXY": proxy, "https_proxy": proxy], "https_proxy"),
            ("http://trainer", ["all_proxy": proxy], "all_proxy"),
            ("https://trainer", ["ALL_PROXY": proxy], "ALL_PROXY"),
            ("http://trainer", ["all_proxy": proxy, "http_proxy": proxy], "http_proxy"),
            ("http://trainer", ["http_proxy": ""], nil), ("http://trainer", [:], nil),
            ("http://127.0.0.1:80", ["http_proxy": proxy], nil), ("http://localhost", ["all_proxy": proxy], nil),
            ("http://[::1]", ["all_proxy": proxy], nil),
        ] as [(String, [String: String], String?)])
    func variablesAreThoseOfLibcurl(url: String, environment: [String: String], expected: String?) throws {
        #expect(try variable(url, environment) == expected)
    }

    @Test(
        arguments: [
            ("trainer.example", "trainer.example", false), ("trainer.example", "example", false),
            ("trainer.example", ".example", false), ("trainer.example", "a.example, EXAMPLE.", false),
            ("trainer.example", "a b trainer.example", false), ("trainer.example", "*", false),
            ("trainer.example", "trainer", true), ("trainer.example", "iner.example", true),
            ("trainer.example", "*.example", true), ("trainer.example", "", true), ("trainer.example", ",", true),
            ("10.1.2.3", "10.0.0.0/8", false), ("10.1.2.3", "10.1.2.3", false), ("10.1.2.3", "10.1.2.0/31", true),
            ("10.1.2.3", "10.1.2.2/31", false), ("10.1.2.3", "2.3", true), ("10.1.2.3", "10.0.0.0/x", true),
            ("10.1.2.3", "10.0.0.0/99", true), ("[2001:db8::1]", "2001:db8::/32", false),
            ("[2001:db8::1]", "[2001:db8::1]", false), ("[2001:db9::1]", "2001:db8::/32", true),
        ]) func hostsMayBeLeftOut(host: String, list: String, goesThrough: Bool) throws
    {
        for name in ["no_proxy", "NO_PROXY"] {
            let found = try variable("http://\(host):8420", ["http_proxy": Self.proxy, name: list])
            #expect((found != nil) == goesThrough, "\(name)=\(list)")
        }
    }

    @Test func theLowerCaseListIsTheOneThatCounts() throws {
        let both = ["http_proxy": Self.proxy, "no_proxy": "other", "NO_PROXY": "trainer"]
        #expect(try variable("http://trainer", both) == "http_proxy")
    }

    /// What stands between may answer anything, or not be there.
    @Test(
        arguments: [
            [.answer(413, Data("<html>too large</html>".utf8))], [.answer(403, Data("<html>".utf8))],
            [.answer(502, Data("bad gateway".utf8))], [.answer(200, Data("<html>log in</html>".utf8))],
            [.answer(407, Data())], [.close], [.reset],
            [.answer(200, Data(repeating: 32, count: Limits.messageBytes + 1))],
        ] as [[ScriptedServer.Step]])
    func messagesNameTheProxyWithoutItsCredentials(steps: [ScriptedServer.Step]) throws {
        let server = try ScriptedServer { _ in steps }
        defer { server.stop() }
        let value = server.url.replacing("http://", with: "http://me:s3cr3t@")
        try expectNamed(value, shown: server.url)
        #expect(server.received.first?.target == "http://trainer.invalid:8420/v1/info")
    }

    @Test func aProxyThatIsNotThereIsNamed() throws {
        let server = try ScriptedServer { _ in [] }
        server.stop()
        Thread.sleep(forTimeInterval: 0.1)
        try expectNamed("me:s3cr3t@127.0.0.1:\(server.port)", shown: "127.0.0.1:\(server.port)")
        try expectNamed("http://me:s3cr3t@nowhere.invalid:1", shown: "http://nowhere.invalid:1")
        // libcurl repeats what it does not understand.
        try expectNamed("gopher://me:s3cr3t@nowhere.invalid:1", shown: "gopher://nowhere.invalid:1")
    }

    private func expectNamed(_ value: String, shown: String) throws {
        var configuration = try ClientConfiguration(
            url: "http://trainer.invalid:8420", environment: ["http_proxy": value])
        configuration.retries = RetryPolicy(totalSeconds: 0)
        let connection = try HTTPConnection(configuration)
        let error = try Example.connectionError { try connection.information() }
        #expect(
            error.message.contains("went through the proxy \(shown) of http_proxy: set NO_PROXY=trainer.invalid to go"),
            "\(error.message)")
        #expect(!error.message.contains("s3cr3t") && !"\(configuration)".contains("s3cr3t"), "\(error.message)")
        var dumped = ""
        dump(configuration.proxy, to: &dumped)
        #expect(!dumped.contains("s3cr3t"))
    }

    @Test func theCoordinatorsOwnNoIsNotTheProxys() throws {
        let no = APIError(.conflict, "the run has not got that far", hint: "wait")
        let server = try ScriptedServer { _ in [.json(409, APIErrorBody(error: no))] }
        defer { server.stop() }
        let configuration = try ClientConfiguration(
            url: "http://trainer.invalid:8420", environment: ["http_proxy": server.url])
        let connection = try HTTPConnection(configuration)
        #expect(throws: no) { try connection.export(Example.part, of: Example.run) }
    }

    @Test func whoIsInTheListIsToldToBeAddedToIt() throws {
        let environment = ["https_proxy": Self.proxy, "NO_PROXY": "other.example"]
        let notice = try ClientConfiguration(url: "https://trainer/cairn", environment: environment).proxy?.notice
        #expect(
            notice == "requests to https://trainer/cairn go through the proxy \(Self.proxy) of https_proxy; "
                + "add trainer to NO_PROXY to go round it")
    }
}
