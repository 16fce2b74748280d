import CoordinatorServer
import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import RunProtocol
import Testing

@Suite struct BlobTests {
    @Test(arguments: [false, true]) func aBlobComesWhole(live: Bool) async throws {
        let api = try FakeCoordinator()
        try await withServer(api, live: live) { client async throws in
            let answer = try await client.get("/v1/blobs/\(api.blobDigest)")
            #expect(answer.status == .ok)
            #expect(answer.bytes == api.blobBytes)
            #expect(answer.headers[.contentLength] == "100000")
            #expect(answer.headers[.eTag] == "\"\(api.blobDigest)\"")
            #expect(answer.headers[.acceptRanges] == "bytes")
            #expect(answer.headers[.cacheControl] == "public, max-age=31536000, immutable")
        }
    }

    @Test(arguments: [false, true]) func aHeadHasNoBody(live: Bool) async throws {
        let api = try FakeCoordinator()
        try await withServer(api, live: live) { client async throws in
            let uri = "/v1/blobs/\(api.blobDigest)"
            let answer = try await client.executeRequest(
                uri: uri, method: .head, headers: [.range: "bytes=0-1"], body: nil)
            #expect(answer.status == .ok)
            #expect(answer.bytes == [])
            #expect(answer.headers[.contentLength] == "100000")
            let unknown = try await client.executeRequest(
                uri: "/v1/blobs/\(Examples.digest)", method: .head, headers: [:], body: nil)
            #expect(unknown.status == .notFound)
            #expect(unknown.bytes == [])
            #expect(try await client.get(uri).bytes.count == 100_000)
        }
    }

    @Test(arguments: [
        ("bytes=0-0", 0..<1), ("bytes=10-19", 10..<20), ("bytes=99990-", 99_990..<100_000),
        ("bytes=99999-200000", 99_999..<100_000), ("bytes=-7", 99_993..<100_000), ("Bytes=-200000", 0..<100_000),
        ("bytes=0-999999999999999999", 0..<100_000),
    ]) func aRangeIsGiven(field: String, range: Range<Int>) async throws {
        let api = try FakeCoordinator()
        try await withServer(api) { client async throws in
            let answer = try await client.get("/v1/blobs/\(api.blobDigest)", [.range: field])
            #expect(answer.status == .partialContent)
            #expect(answer.bytes == Array(api.blobBytes[range]))
            #expect(
                answer.headers[.contentRange] == "bytes \(range.lowerBound)-\(range.upperBound - 1)/100000")
            #expect(answer.headers[.contentLength] == String(range.count))
        }
    }

    @Test(arguments: [
        "bytes=0-1,3-4", "bytes=5-4", "bytes=", "bytes=-", "bytes=x-1", "bytes=1-x", "bytes=--1", "items=0-1",
        "bytes=+1-2", "bytes=1", "bytes=1-99999999999999999999999",
    ]) func whatIsNotOneRangeIsAnsweredWhole(field: String) async throws {
        let api = try FakeCoordinator()
        try await withServer(api) { client async throws in
            let answer = try await client.get("/v1/blobs/\(api.blobDigest)", [.range: field])
            #expect(answer.status == .ok)
            #expect(answer.bytes.count == 100_000)
        }
    }

    @Test(arguments: ["bytes=100000-", "bytes=100000-100001", "bytes=-0"])
    func aRangeOutsideIsRefused(field: String) async throws {
        let api = try FakeCoordinator()
        try await withServer(api) { client async throws in
            let answer = try await client.get("/v1/blobs/\(api.blobDigest)", [.range: field])
            #expect(answer.error?.code == .rangeNotSatisfiable)
            #expect(answer.headers[.contentRange] == "bytes */100000")
        }
    }

    @Test func whatTheClientHasIsNotSentAgain() async throws {
        let api = try FakeCoordinator()
        let tag = "\"\(api.blobDigest)\""
        try await withServer(api, live: true) { client async throws in
            let uri = "/v1/blobs/\(api.blobDigest)"
            for field in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
                let answer = try await client.get(uri, [.ifNoneMatch: field, .range: "bytes=0-1"])
                #expect(answer.status == .notModified)
                #expect(answer.headers[.eTag] == tag)
            }
            #expect(try await client.get(uri, [.ifNoneMatch: "\"x\""]).status == .ok)
            #expect(try await client.get(uri, [.ifRange: tag, .range: "bytes=0-1"]).bytes.count == 2)
            #expect(try await client.get(uri, [.ifRange: "\"x\"", .range: "bytes=0-1"]).bytes.count == 100_000)
        }
    }

    @Test func aBlobWhoseFileIsGoneIsTheCoordinatorsOwnMatter() async throws {
        let api = try FakeCoordinator()
        try FileManager.default.removeItem(atPath: api.folder + "/blob")
        try await withServer(api) { client async throws in
            #expect(try await client.get("/v1/blobs/\(api.blobDigest)").error?.code == .internal)
        }
    }
}
