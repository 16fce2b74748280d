import CoordinatorServer
import EventFiles
import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import RunProtocol
import Synchronization
import Testing

/// What a run has learnt, as pictures and figures.
@Suite struct LearntTests {
    static let run = "/v1/runs/\(Examples.run)"

    @Test(arguments: ["filters", "reconstructions"]) func aPictureComesAsPNG(name: String) async throws {
        try await withServer(try FakeCoordinator(), token: AccessTests.token) { client async throws in
            let key: HTTPFields = [.authorization: "Bearer \(AccessTests.token.text)"]
            let uri = "\(Self.run)/pictures/\(name)"
            #expect(try await client.get(uri).error?.code == .unauthorized)
            let answer = try await client.get(uri, key)
            #expect((answer.status, answer.bytes) == (.ok, Examples.picture))
            #expect(answer.headers[.contentType] == "image/png")
            #expect(answer.headers[.cacheControl] == "private, no-cache")
            #expect(answer.headers[.xContentTypeOptions] == "nosniff")
            var again = key
            again[.ifNoneMatch] = answer.headers[.eTag]
            let same = try await client.get(uri, again)
            #expect((same.status, same.bytes) == (.notModified, []))
        }
    }

    @Test func theStageIsAsked() async throws {
        let api = try FakeCoordinator()
        let last = Limits.stages - 1
        try await withServer(api) { client async throws in
            let uri = "\(Self.run)/pictures/filters"
            for query in ["", "?stage=0", "?stage=\(last)"] {
                #expect(try await client.get(uri + query).status == .ok)
            }
            for stage in ["", "x", "-1", "1.5", "\(last + 1)", "99999999999999999999"] {
                #expect(try await client.get("\(uri)?stage=\(stage)").error?.code == .badRequest, "\(stage)")
            }
        }
        #expect(api.memory.withLock { $0.pictures } == [nil, 0, last])
    }

    @Test func codesAndMistakesArrive() async throws {
        try await withServer(try FakeCoordinator(), live: true) { client async throws in
            #expect(try await client.get("\(Self.run)/codes").json(CodeMap.self) == Examples.codes)
            #expect(try await client.get("\(Self.run)/mistakes").json(Mistakes.self) == Examples.mistakes)
            #expect(try await client.get("/v1/runs/other/codes").error?.code == .conflict)
            #expect(try await client.get("\(Self.run)/pictures/mistakes").error?.code == .conflict)
        }
    }

    @Test func planAndFiguresAreFiles() async throws {
        try await withServer(try FakeCoordinator()) { client async throws in
            let plan = try await client.get("\(Self.run)/plan")
            #expect((plan.status, plan.text) == (.ok, Examples.plan))
            #expect(plan.headers[.contentType] == "text/yaml; charset=utf-8")
            #expect(plan.headers[.contentDisposition] == "attachment; filename=\"run-1a2b3c4d.yaml\"")
            let table = try await client.get("\(Self.run)/metrics.csv")
            #expect((table.status, table.text) == (.ok, RunTable.csv(Examples.status)))
            #expect(table.text.split(separator: "\n").count > 2)
            #expect(table.headers[.contentType] == "text/csv; charset=utf-8")
            #expect(table.headers[.contentDisposition] == "attachment; filename=\"run-1a2b3c4d.csv\"")
        }
    }
}
