import CoordinatorClient
import RunProtocol
import Testing

@Suite struct ConfigurationTests {
    @Test(arguments: [
        ("http://localhost:8080", "http://localhost:8080"), ("https://trainer.example/", "https://trainer.example"),
        ("HTTP://10.0.0.1:80", "http://10.0.0.1:80"), ("http://[::1]:9", "http://[::1]:9"),
    ])
    func goodAddresses(text: String, address: String) throws {
        #expect(try CoordinatorAddress(text).description == address)
    }

    @Test(arguments: [
        ("", "write it like"), ("localhost:8080", "does not begin with http"), ("trainer", "does not begin with http"),
        ("ftp://host", "does not begin with http"), ("http://", "names no host"), ("http://host:70000", "port"),
        ("http://host:0", "port"), ("http://host:x", "port"), ("http://host:80/v1/info", "write http://host:80"),
        ("http://host/?a=b", "write http://host"), ("http://host/#x", "write http://host"),
        ("http://ho st", "not a coordinator's address"), ("http://host\r\nX: y", "port"),
        ("http://" + String(repeating: "a", count: 5_000), "not a coordinator's address"),
        ("http://me:secret@host", "user or password"),
    ])
    func badAddressesAreExplained(text: String, words: String) throws {
        let error = try Example.connectionError { try ClientConfiguration(url: text) }
        #expect(error.message.contains(words), "\(error.message)")
        #expect(!error.message.contains("secret") && error.message.count < 400)
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
