import CoordinatorServer
import FoundationEssentials
import Glibc
import HTTPTypes
import HummingbirdTesting
import RunProtocol
import Synchronization
import Testing

@Suite struct UploadTests {
    static let update = try? UpdateFormat.encode(
        task: Examples.task,
        result: TaskResult(figures: TaskFigures(samples: 5), vector: (0..<50_000).map { Float($0) }))

    @Test(arguments: [false, true]) func anUploadIsDeliveredWhole(live: Bool) async throws {
        let bytes = [UInt8](try #require(Self.update))
        let api = try FakeCoordinator()
        try await withServer(api, live: live) { client async throws in
            let answer = try await client.put(updatePath, bytes)
            #expect(try answer.json(UpdateReceipt.self).verdict == .accepted)
            let others = "sha-512=:AAAA:, \(contentDigest(of: bytes))"
            #expect(try await client.put(updatePath, bytes, digest: others).status == .ok)
        }
        #expect(api.memory.withLock { $0.delivered } == [Data(bytes), Data(bytes)])
        #expect(api.uploads == [])
    }

    @Test(
        arguments: [
            nil, "", "sha-256=", "sha-256=:AAAA:", "sha-512=:AAAA:", "sha-256=:%%%%:",
            contentDigest(of: [1, 2, 3]).dropLast().description, contentDigest(of: [9]),
        ] as [String?]) func aDigestThatIsNotTheBodysIsRefused(digest: String?) async throws
    {
        let api = try FakeCoordinator()
        try await withServer(api) { client async throws in
            let answer =
                if let digest {
                    try await client.put(updatePath, [1, 2, 3], digest: digest)
                } else {
                    try await client.executeRequest(
                        uri: updatePath, method: .put, headers: [.init("Cairn-Lease")!: Examples.token.rawValue],
                        body: nil)
                }
            #expect(answer.error?.code == .badRequest)
            #expect(answer.error?.message.contains("Content-Digest") == true)
        }
        #expect(api.uploads == [])
        #expect(api.memory.withLock { $0.delivered } == [])
    }

    @Test(arguments: [false, true]) func moreThanTheLimitIsRefused(live: Bool) async throws {
        let api = try FakeCoordinator()
        try await withServer(api, live: live) { client async throws in
            let limit = try api.updateLimit(of: Examples.task, by: Examples.claim)
            let long = [UInt8](repeating: 1, count: limit + 1)
            #expect(try await client.put(updatePath, Array(long.dropLast())).status == .ok)
            #expect(try await client.put(updatePath, long).error?.code == .tooLarge)
        }
        #expect(api.uploads == [])
    }

    @Test(arguments: [
        ("/v1/tasks/\(Examples.task)/update", APIError.Code.badRequest),
        ("/v1/tasks/\(Examples.task)/update?worker=", .badRequest),
        ("/v1/tasks/run-1a2b3c4d.s0.r3.t2/update?worker=w-1", .notFound), ("/v1/tasks/x/update?worker=w-1", .notFound),
    ]) func anUploadNeedsItsNames(uri: String, code: APIError.Code) async throws {
        try await withServer(try FakeCoordinator()) { client async throws in
            #expect(try await client.put(uri, [1]).error?.code == code)
        }
    }

    @Test(arguments: ["", "w-1", "w-1.00", Examples.token.rawValue + "0", "w 1." + Examples.digest.hex])
    func anUploadNeedsItsToken(token: String) async throws {
        let api = try FakeCoordinator()
        try await withServer(api) { client async throws in
            let error = try await client.put(updatePath, [1], headers: [.init("Cairn-Lease")!: token]).error
            #expect(error?.code == .badRequest)
            #expect(error?.message.contains("Cairn-Lease") == true)
        }
        #expect(api.memory.withLock { $0.delivered } == [])
    }

    @Test func aMissingFolderIsToldToTheCoordinator() async throws {
        let api = try FakeCoordinator()
        try FileManager.default.removeItem(atPath: api.uploadFolder)
        try await withServer(api) { client async throws in
            let error = try await client.put(updatePath, [1]).error
            #expect(error?.code == .storageFull)
            #expect(error?.hint == "look at its state folder; workers try again")
        }
        #expect(
            api.memory.withLock { $0.failedUploads }
                == ["the coordinator cannot write an upload: No such file or directory"])
    }
}
