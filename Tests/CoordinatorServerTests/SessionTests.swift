import CoordinatorServer
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import RunProtocol
import Testing

/// How a browser comes in.
@Suite struct SessionTests {
    static let token = AccessTests.token
    static let other = AccessToken(text: "fedcba9876543210-secret")!

    @Test func theTokenGivesACookieThatOpens() async throws {
        try await withServer(try FakeCoordinator(), token: Self.token) { client async throws in
            let answer = try await client.post("/v1/session", SessionRequest(token: Self.token.text))
            #expect((answer.status, answer.bytes) == (.noContent, []))
            #expect(answer.headers[.cacheControl] == "no-store")
            let parts = try Self.cookie(in: answer)
            #expect(parts[0].wholeMatch(of: /cairn-session=[0-9a-f]{64}/) != nil)
            #expect(Set(parts.dropFirst()) == ["HttpOnly", "SameSite=Strict", "Path=/"])
            #expect(!parts[0].contains("0123456789abcdef-secret") && !parts[0].contains("secret"))
            #expect(try await client.get("/v1/info", [.cookie: parts[0]]).status == .ok)
            #expect(try await client.get("/v1/info", [.cookie: "a=b; \(parts[0]); c=d"]).status == .ok)
            #expect(try await client.get("/metrics", [.cookie: parts[0]]).status == .ok)
            #expect(try await client.get("/v1/live?run=other", [.cookie: parts[0]]).status == .notFound)
        }
    }

    @Test func aProxyWithTLSMakesTheCookieSecure() async throws {
        try await withServer(try FakeCoordinator(), token: Self.token) { client async throws in
            let answer = try await client.executeRequest(
                uri: "/v1/session", method: .post, headers: [.init("X-Forwarded-Proto")!: "https"],
                body: ByteBuffer(string: #"{"token":"\#(Self.token.text)"}"#))
            #expect(try Self.cookie(in: answer).contains("Secure"))
        }
    }

    @Test func theCookieOutlivesTheServerAndOpensNoOther() async throws {
        let api = try FakeCoordinator()
        let cookie = try await cookie(of: Self.token)
        #expect(try await cookie == self.cookie(of: Self.token))
        #expect(try await cookie != self.cookie(of: Self.other))
        try await withServer(api, token: Self.token) { client async throws in
            #expect(try await client.get("/v1/runs", [.cookie: cookie]).status == .ok)
        }
        try await withServer(api, token: Self.other) { client async throws in
            #expect(try await client.get("/v1/runs", [.cookie: cookie]).error?.code == .unauthorized)
        }
    }

    @Test func whatIsNotTheCookieIsRefused() async throws {
        let cookie = try await cookie(of: Self.token)
        try await withServer(try FakeCoordinator(), token: Self.token) { client async throws in
            let wrong = [
                "", "cairn-session", "cairn-session=", "cairn-session=\(Self.token.text)", "\(cookie)0",
                String(cookie.dropLast()), "x" + cookie, cookie.uppercased(),
            ]
            for field in wrong {
                #expect(try await client.get("/v1/info", [.cookie: field]).error?.code == .unauthorized, "\(field)")
            }
            // It is no token, and a wrong token does not become right by it.
            let value = cookie.split(separator: "=")[1]
            for headers: HTTPFields in [
                [.authorization: "Bearer \(value)"], [.authorization: "Bearer \(value)", .cookie: cookie],
            ] {
                #expect(try await client.get("/v1/info", headers).error?.code == .unauthorized)
            }
            let asToken = try await client.post("/v1/session", SessionRequest(token: String(value)))
            #expect(asToken.error?.code == .unauthorized)
        }
    }

    @Test(arguments: ["", "0123456789abcdef-secre", "0123456789abcdef-secret2", " "])
    func aWrongTokenGivesNothing(text: String) async throws {
        try await withServer(try FakeCoordinator(), token: Self.token) { client async throws in
            let answer = try await client.post("/v1/session", SessionRequest(token: text))
            #expect(answer.error?.code == .unauthorized)
            #expect(answer.headers[.setCookie] == nil)
            #expect(text.isEmpty || text == " " || !answer.text.contains(text))
        }
    }

    @Test func aSessionEnds() async throws {
        try await withServer(try FakeCoordinator(), token: Self.token) { client async throws in
            let answer = try await client.executeRequest(
                uri: "/v1/session", method: .delete, headers: [:], body: nil)
            #expect(answer.status == .noContent)
            let parts = try Self.cookie(in: answer)
            #expect(parts[0] == "cairn-session=")
            #expect(Set(parts.dropFirst()) == ["Max-Age=0", "HttpOnly", "SameSite=Strict", "Path=/"])
        }
    }

    @Test func withoutATokenThereIsNothingToKeep() async throws {
        try await withServer(try FakeCoordinator()) { client async throws in
            let answer = try await client.post("/v1/session", SessionRequest(token: ""))
            #expect(answer.status == .noContent)
            #expect(answer.headers[.setCookie] == nil)
        }
    }

    @Test func theCookieIsOfNoUseToOtherSites() async throws {
        let cookie = try await cookie(of: Self.token)
        try await withServer(try FakeCoordinator(), token: Self.token) { client async throws in
            let cancel = "/v1/runs/\(Examples.run)/cancel"
            func post(_ origin: String?) async throws -> TestResponse {
                var headers: HTTPFields = [.cookie: cookie]
                headers[.origin] = origin
                return try await client.executeRequest(uri: cancel, method: .post, headers: headers, body: nil)
            }
            for origin in [nil, "http://localhost"] { #expect(try await post(origin).status == .ok) }
            for origin in ["http://evil.example", "null", "http://localhost:1", "http://localhost.evil.example"] {
                #expect(try await post(origin).error?.code == .unauthorized)
                for path in ["/v1/info", "/", "/v1/live", "/healthz"] {
                    let answer = try await client.get(path, [.cookie: cookie, .origin: origin])
                    #expect(answer.error?.code == .unauthorized)
                }
                let login = try await client.executeRequest(
                    uri: "/v1/session", method: .post, headers: [.origin: origin],
                    body: ByteBuffer(string: #"{"token":"\#(Self.token.text)"}"#))
                #expect(login.error?.code == .unauthorized)
                #expect(login.headers[.setCookie] == nil)
            }
        }
    }

    @Test func whatIsNoSessionRequestIsRefused() async throws {
        try await withServer(try FakeCoordinator(), token: Self.token) { client async throws in
            for body in ["", "{", "{}", "[]", #"{"token":5}"#, #"{"token":null}"#] {
                #expect(try await client.post("/v1/session", text: body).error?.code == .badRequest)
            }
            let long = SessionRequest(token: String(repeating: "x", count: 20_000))
            #expect(try await client.post("/v1/session", long).error?.code == .tooLarge)
        }
    }

    @Test func theLongestTokenFits() async throws {
        let token = try #require(AccessToken(text: String(repeating: "\"", count: AccessToken.length.upperBound)))
        let cookie = try await cookie(of: token)
        try await withServer(try FakeCoordinator(), token: token) { client async throws in
            #expect(try await client.get("/v1/info", [.cookie: cookie]).status == .ok)
        }
    }

    @Test func sessionsAreNotLogged() async throws {
        let log = RecordedLog()
        var logger = Logger(label: "tests") { _ in log }
        logger.logLevel = .trace
        let cookie = try await cookie(of: Self.token)
        try await withServer(try FakeCoordinator(), token: Self.token, logger: logger) { client async throws in
            _ = try await client.post("/v1/session", SessionRequest(token: Self.token.text))
            _ = try await client.get("/v1/info", [.cookie: cookie])
        }
        #expect(log.lines.contains { $0.contains("POST /v1/session 204 ") })
        #expect(!log.lines.contains { $0.contains("secret") || $0.contains(cookie.split(separator: "=")[1]) })
    }

    /// What a browser that has the token sends: `cairn-session=VALUE`.
    private func cookie(of token: AccessToken) async throws -> String {
        let server = HTTPServer(
            api: try FakeCoordinator(), listen: ListenAddress("127.0.0.1:0")!, token: token, logger: quiet)
        return try await server.application.test(.router) { client async throws in
            try Self.cookie(in: try await client.post("/v1/session", SessionRequest(token: token.text)))[0]
        }
    }

    /// The cookie and its attributes.
    private static func cookie(in answer: TestResponse) throws -> [String] {
        try #require(answer.headers[.setCookie]).split(separator: "; ").map { String($0) }
    }
}
