import CDashboard
import CoordinatorServer
import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import RunProtocol
import Synchronization
import Testing

/// The dashboard's files as browsers get them, and what probes are answered.
@Suite struct PageTests {
    struct File: Sendable {
        var name: String
        var bytes: [UInt8]
    }

    static let files: [File] = {
        var files: [File] = []
        while case let file = cd_file_at(files.count), let name = file.name {
            let bytes = Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
            files.append(File(name: String(cString: name), bytes: bytes))
        }
        return files
    }()

    static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml", "png": "image/png",
    ]

    @Test func thePageIsThere() {
        #expect(Self.files.contains { $0.name == "index.html" })
        #expect(Set(Self.files.map(\.name)).count == Self.files.count)
    }

    /// Behind a proxy the page may lie below a path: whatever it asks for must be relative to its own address.
    @Test func noFileNamesAnAbsolutePath() throws {
        for file in Self.files where !file.name.hasSuffix(".png") {
            let text = try #require(String(validating: file.bytes, as: UTF8.self))
            let paths = text.matches(of: /["'`]\/[^"'`\s>]|url\(\s*\/|location\.origin/).map { match in
                String(text[match.range.lowerBound...].prefix(40))
            }
            #expect(paths == [], "\(file.name)")
        }
    }

    @Test(arguments: [nil, AccessTests.token]) func everyFileIsServedToAll(token: AccessToken?) async throws {
        try await withServer(try FakeCoordinator(), token: token) { client async throws in
            for file in Self.files {
                let answer = try await client.get("/" + file.name)
                #expect(answer.status == .ok)
                #expect(answer.bytes == file.bytes)
                let ending = String(try #require(file.name.split(separator: ".").last))
                #expect(answer.headers[.contentType] == Self.types[ending], "\(file.name)")
                try Self.checkHeaders(answer)
                let head = try await client.head("/" + file.name)
                #expect((head.status, head.bytes) == (.ok, []))
                #expect(head.headers[.contentLength] == String(file.bytes.count))
            }
        }
    }

    private static func checkHeaders(_ answer: TestResponse) throws {
        let policy = try #require(answer.headers[.contentSecurityPolicy]).split(separator: "; ")
        let none = ["default-src", "form-action", "base-uri", "frame-ancestors"].map { "\($0) 'none'" }
        let own = ["script-src", "style-src", "img-src", "connect-src"].map { "\($0) 'self'" }
        #expect(policy.map { String($0) }.sorted() == (none + own).sorted())
        #expect(answer.headers[.xContentTypeOptions] == "nosniff")
        #expect(answer.headers[.init("Referrer-Policy")!] == "no-referrer")
        #expect(answer.headers[.init("Cross-Origin-Opener-Policy")!] == "same-origin")
        #expect(answer.headers[.cacheControl] == "no-cache")
    }

    @Test(arguments: [false, true]) func theStartIsThePage(live: Bool) async throws {
        try await withServer(try FakeCoordinator(), live: live) { client async throws in
            let page = try await client.get("/index.html")
            let start = try await client.get("/")
            #expect(start.bytes == page.bytes)
            #expect(start.headers[.eTag] == page.headers[.eTag])
            #expect(try await client.get("/?run=run-1").bytes == page.bytes)
            try Self.checkHeaders(start)
        }
    }

    @Test(arguments: [false, true]) func aFileThatTheBrowserHasIsNotSentAgain(live: Bool) async throws {
        try await withServer(try FakeCoordinator(), live: live) { client async throws in
            for file in Self.files {
                let tag = "\"\(Digest(of: file.bytes))\""
                for field in [tag, "W/\(tag)", "\"x\", \(tag)"] {
                    let answer = try await client.get("/" + file.name, [.ifNoneMatch: field])
                    #expect((answer.status, answer.bytes) == (.notModified, []))
                    #expect(answer.headers[.eTag] == tag)
                }
                let other = try await client.get("/" + file.name, [.ifNoneMatch: "\"x\""])
                #expect((other.status, other.headers[.eTag]) == (.ok, tag))
            }
        }
    }

    @Test func everyAnswerIsTakenForWhatItSays() async throws {
        let api = try FakeCoordinator()
        try await withServer(api) { client async throws in
            for path in ["/v1/info", "/nowhere", "/healthz", "/v1/blobs/\(api.blobDigest)"] {
                let answer = try await client.get(path)
                #expect(answer.headers[.xContentTypeOptions] == "nosniff")
                #expect(answer.headers[.crossOriginResourcePolicy] == "same-origin")
            }
        }
    }

    @Test func probesNeedNoToken() async throws {
        let api = try FakeCoordinator()
        try await withServer(api, token: AccessTests.token) { client async throws in
            let healthy = try await client.get("/healthz")
            #expect((healthy.status, healthy.text) == (.ok, "ok"))
            let ready = try await client.get("/readyz")
            #expect((ready.status, ready.text) == (.ok, "ready"))
            api.memory.withLock { $0.pause = "the disk is full" }
            let paused = try await client.get("/readyz")
            #expect((paused.status, paused.text) == (.serviceUnavailable, "paused"))
            #expect(paused.headers[.contentType] == "text/plain; charset=utf-8")
            #expect(try await client.get("/healthz").status == .ok)
        }
        // Where nobody needs a token, the reason is nobody's secret.
        try await withServer(api) { client async throws in
            #expect(try await client.get("/readyz").text == "the disk is full")
        }
    }

    @Test func metricsNeedTheToken() async throws {
        try await withServer(try FakeCoordinator(), token: AccessTests.token) { client async throws in
            #expect(try await client.get("/metrics").error?.code == .unauthorized)
            let answer = try await client.get("/metrics", [.authorization: "Bearer \(AccessTests.token.text)"])
            #expect(answer.status == .ok)
            #expect(answer.text.hasPrefix(Examples.metrics + "# HELP cairn_connections "))
            #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
        }
    }
}
