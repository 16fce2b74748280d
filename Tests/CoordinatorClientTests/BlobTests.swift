import CoordinatorClient
import Foundation
import RunProtocol
import Testing

@Suite struct BlobTests {
    private let blob = Example.blob
    private let digest = Example.digest

    private func contents(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }

    /// What a right server answers to `request`.
    private static func part(_ request: ScriptedServer.Received, of blob: Data) -> (status: Int, bytes: Data) {
        guard let range = request.headers["range"] else { return (200, blob) }
        let offset = Int(range.dropFirst("bytes=".count).dropLast()) ?? 0
        return (206, Data(blob.dropFirst(offset)))
    }

    @Test func aBlobIsFetchedOnceAndCheckedOnceAProcess() throws {
        let server = try ScriptedServer { _ in [.answer(200, Example.blob)] }
        defer { server.stop() }
        try Example.withFolder { folder in
            let connection = try Example.connection(to: server.url)
            let path = try connection.localCopy(of: digest, in: folder)
            #expect(path == "\(folder)/\(digest)")
            #expect(contents(path) == blob)
            #expect(try connection.localCopy(of: digest, in: folder) == path)
            #expect(try Example.connection(to: server.url).localCopy(of: digest, in: folder) == path)
            #expect(server.received.map(\.target) == ["/v1/blobs/\(digest)"])
            #expect(Example.files(in: folder) == [digest.hex])

            // What an earlier process left behind is compared with its name; what was deleted is fetched again.
            try Data("damaged".utf8).write(to: URL(filePath: path))
            _ = try Example.connection(to: server.url).localCopy(of: digest, in: folder)
            #expect(contents(path) == blob)
            try FileManager.default.removeItem(atPath: path)
            _ = try connection.localCopy(of: digest, in: folder)
            #expect(contents(path) == blob)
            #expect(server.received.count == 3)
        }
    }

    @Test func aDroppedDownloadGoesOnWhereItEnded() throws {
        let server = try ScriptedServer { request in
            let (status, bytes) = Self.part(request, of: Example.blob)
            return [.truncated(status, bytes, after: 30_000), .close]
        }
        defer { server.stop() }
        try Example.withFolder { folder in
            // Each piece counts as progress: the time for retries starts anew with it.
            let connection = try Example.connection(to: server.url, retrySeconds: 0.5)
            #expect(contents(try connection.localCopy(of: digest, in: folder)) == blob)
        }
        #expect(server.received.count == 7)
        #expect(server.received[0].headers["range"] == nil)
        #expect(server.received.last?.headers["range"] == "bytes=180000-")
    }

    @Test func aServerWithoutRangesSendsItAllAgain() throws {
        let server = try ScriptedServer { request in
            request.index == 0
                ? [.truncated(200, Example.blob, after: 50_000), .reset] : [.answer(200, Example.blob)]
        }
        defer { server.stop() }
        try Example.withFolder { folder in
            let connection = try Example.connection(to: server.url, retrySeconds: 20)
            #expect(contents(try connection.localCopy(of: digest, in: folder)) == blob)
        }
    }

    @Test func otherBytesAreRefusedAndLeaveNothingBehind() throws {
        let server = try ScriptedServer { _ in [.answer(200, Data("other bytes".utf8))] }
        defer { server.stop() }
        try Example.withFolder { folder in
            let connection = try Example.connection(to: server.url)
            let error = try Example.connectionError { try connection.localCopy(of: digest, in: folder) }
            #expect(error.reason == .damagedBlob && error.message.contains(digest.short))
            #expect(Example.files(in: folder) == [])
        }
    }

    @Test func whatIsTooLargeIsNotFetched() throws {
        let server = try ScriptedServer { _ in [.answer(200, Example.blob)] }
        defer { server.stop() }
        try Example.withFolder { folder in
            let connection = try Example.connection(to: server.url) { $0.blobBytes = 1_000 }
            let error = try Example.connectionError { try connection.localCopy(of: digest, in: folder) }
            #expect(error.message.contains("more than 1000 bytes"))
            #expect(Example.files(in: folder) == [])
        }
    }

    @Test func aStalledDownloadIsGivenUp() throws {
        let server = try ScriptedServer { _ in [.truncated(200, Example.blob, after: 10), .pause(seconds: 20)] }
        defer { server.stop() }
        try Example.withFolder { folder in
            let connection = try Example.connection(to: server.url) { $0.stallSeconds = 1 }
            let error = try Example.connectionError { try connection.localCopy(of: digest, in: folder) }
            #expect(error.reason == .timedOut)
            #expect(Example.files(in: folder) == [])
        }
    }

    @Test func aMissingBlobIsTheCoordinatorsNo() throws {
        let no = APIErrorBody(error: APIError(.notFound, "there is no such blob"))
        let server = try ScriptedServer { _ in [.json(404, no)] }
        defer { server.stop() }
        try Example.withFolder { folder in
            let connection = try Example.connection(to: server.url)
            #expect(throws: no.error) { try connection.localCopy(of: digest, in: folder) }
            #expect(Example.files(in: folder) == [])
        }
    }

    @Test func threadsInWantOfOneBlobFetchItOnce() throws {
        let server = try ScriptedServer { _ in [.pause(seconds: 0.2), .answer(200, Example.blob)] }
        defer { server.stop() }
        try Example.withFolder { folder in
            let connection = try Example.connection(to: server.url)
            let (digest, blob) = (digest, blob)
            Example.onThreads(6) { _ in
                let path = try? connection.localCopy(of: digest, in: folder)
                #expect(path.flatMap { FileManager.default.contents(atPath: $0) } == blob)
            }
        }
        #expect(server.received.count == 1)
    }

    @Test func exportsGoWhereTheUserWants() throws {
        let server = try ScriptedServer { request in
            [.answer(200, request.target.hasSuffix(Digest(of: Data()).hex) ? Data() : Example.blob)]
        }
        defer { server.stop() }
        try Example.withFolder { folder in
            let connection = try Example.connection(to: server.url)
            try connection.download(digest, to: "\(folder)/new/weights.safetensors")
            #expect(contents("\(folder)/new/weights.safetensors") == blob)
            try connection.download(Digest(of: Data()), to: "\(folder)/empty")
            #expect(contents("\(folder)/empty") == Data())
            let error = try #require(throws: BlobFileError.self) {
                try connection.download(digest, to: "\(folder)/empty/x")
            }
            #expect(error.description.contains("cannot be written") && !error.description.contains("\n"))
            #expect(throws: BlobFileError.self) { try connection.download(digest, to: "\(folder)/new") }
            #expect(Example.files(in: folder) == ["empty", "new"])
        }
    }

    @Test func theFolderIsKeptBelowItsLimit() throws {
        try Example.withFolder { folder in
            try pruneCache(folder: folder, limitBytes: 0)
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            func make(_ name: String, secondsAgo: Int) throws {
                try Data(count: 100).write(to: URL(filePath: "\(folder)/\(name)"))
                let then = timeval(tv_sec: time(nil) - secondsAgo, tv_usec: 0)
                #expect(utimes("\(folder)/\(name)", [then, then]) == 0)
            }
            let names = (0..<4).map { Digest(of: [UInt8($0)]).hex }
            for (index, name) in names.enumerated() { try make(name, secondsAgo: 4_000 - 1_000 * index) }
            try make("\(names[0]).1.partial", secondsAgo: 90_000)
            try make("\(names[1]).2.partial", secondsAgo: 100)
            try make("notes.txt", secondsAgo: 90_000)
            let others = ["\(names[1]).2.partial", "notes.txt"]

            try pruneCache(folder: folder, limitBytes: 250)
            #expect(Example.files(in: folder) == (names[2...] + others).sorted())
            // The last one was used 1000 s ago; one that was used just now stays.
            try make(names[0], secondsAgo: 0)
            try pruneCache(folder: folder, limitBytes: 0)
            #expect(Example.files(in: folder) == ([names[0]] + others).sorted())
        }
    }
}
