import CoordinatorClient
import RunProtocol
import Testing

@Suite struct ConfigurationTests {
    @Test(arguments: [
        ("http://localhost:8080", "http://localhost:8080"), ("https://trainer.example/", "https://trainer.example"),
        ("HTTP://10.0.0.1:80", "http://10.0.0.1:80"), ("http://[::1]:9", "http://[::1]:9"),
        ("http://my_host:8420", "http://my_host:8420"), ("http://_h", "http://_h"),
        ("http://[fe80::1%25eth0]:8420", "http://[fe80::1%25eth0]:8420"),
        ("http://[fe80::1%eth0]:8420/", "http://[fe80::1%25eth0]:8420"),
        ("https://host/cairn", "https://host/cairn"), ("https://host/cairn/", "https://host/cairn"),
        ("http://host:80/a-b/c.d/~e_1", "http://host:80/a-b/c.d/~e_1"), ("http://[::1]/x", "http://[::1]/x"),
    ])
    func goodAddresses(text: String, address: String) throws {
        #expect(try CoordinatorAddress(text).description == address)
    }

    @Test(arguments: [
        ("", "write it like"), ("localhost:8080", "does not begin with http"), ("trainer", "does not begin with http"),
        ("ftp://host", "does not begin with http"), ("http://", "names no host"), ("http://host:70000", "port"),
        ("http://host:0", "port"), ("http://host:x", "port"), ("http://host:80/v1/info", "write http://host:80"),
        ("http://host/?a=b", "write http://host"), ("http://host/#x", "write http://host"),
        ("http://host/#/runs/run-1", "write http://host"), ("http://host/cairn/v1/info", "write http://host"),
        ("http://host//", "write http://host"), ("http://host/a//b", "write http://host"),
        ("http://host/../etc", "write http://host"), ("http://host/a/./b", "write http://host"),
        ("http://host/a%2Fb", "write http://host"), ("http://host/a b", "not a coordinator's address"),
        ("http://host/a;b", "write http://host"), ("http://host/ä", "write http://host"),
        ("http://[fe80::1%25a b]", "not a coordinator's address"),
        ("http://ho st", "not a coordinator's address"), ("http://host\r\nX: y", "port"),
        ("http://" + String(repeating: "a", count: 5_000), "not a coordinator's address"),
        ("http://me:secret@host", "user or password"),
    ])
    func badAddressesAreExplained(text: String, words: String) throws {
        let error = try Example.connectionError { try ClientConfiguration(url: text) }
        #expect(error.message.contains(words), "\(error.message)")
        #expect(!error.message.contains("secret") && error.message.count < 400)
    }

    /// As behind a reverse proxy that has other things beside it.
    @Test(arguments: ["/cairn", "/cairn/", "/a/b.c"]) func requestsGoBelowThePath(path: String) throws {
        let server = try ScriptedServer { _ in [.json(200, Example.information)] }
        defer { server.stop() }
        _ = try Example.connection(to: server.url + path).information()
        #expect(server.received.map(\.target) == [(path.hasSuffix("/") ? String(path.dropLast()) : path) + "/v1/info"])
    }

    @Test func tokensStayHidden() throws {
        let configuration = try ClientConfiguration(url: "http://host", token: "hush")
        var dumped = ""
        dump(configuration, to: &dumped)
        dumped += "\(configuration) \(String(reflecting: configuration)) \([configuration])"
        #expect(!dumped.contains("hush"))
        #expect(dumped.contains("http://host"))
    }

    @Test(arguments: ["", "two words", "line\r\nX-Header: 1", "ä"]) func badTokensAreRefused(token: String) throws {
        let error = try Example.connectionError { try ClientConfiguration(url: "http://host", token: token) }
        #expect(error.message.contains("token"))
    }

    @Test func aMissingCertificateFileIsNamed() throws {
        let error = try Example.connectionError { try ClientConfiguration(url: "https://host", caFile: "/no/ca.pem") }
        #expect(error.reason == .tls && error.message.contains("'/no/ca.pem'"))
    }
}
