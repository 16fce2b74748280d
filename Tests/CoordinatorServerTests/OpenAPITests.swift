import CoordinatorServer
import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import NIOCore
import RunProtocol
import Synchronization
import Testing
import Yams

/// Holds the server and `docs/openapi.yaml` to each other.
@Suite struct OpenAPITests {
    let document: JSONValue
    let checker: SchemaChecker

    init() throws {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let data = try #require(FileManager.default.contents(atPath: "/\(folder)/docs/openapi.yaml"))
        document = JSONValue(yaml: try #require(try Yams.load(yaml: String(decoding: data, as: UTF8.self))))
        checker = SchemaChecker(document: document)
    }

    static let methods: Set = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]

    @Test func whatIsServedIsDescribedAndTheOtherWayRound() throws {
        let paths = try #require(document["paths"]).object
        let described = paths.flatMap { path, item in
            item.object.keys.filter(Self.methods.contains).map { "\($0.uppercased()) \(path)" }
        }
        #expect(described.sorted() == Route.all.map { "\($0.method.rawValue) \($0.path)" }.sorted())
    }

    @Test func everyReferenceLeadsSomewhere() throws {
        func follow(_ value: JSONValue) throws {
            if value["$ref"] != nil { _ = try checker.resolve(value) }
            for member in Array(value.object.values) + value.array { try follow(member) }
        }
        try follow(document)
    }

    @Test func everyErrorCodeIsDescribed() throws {
        let body = try #require(document["components"]?["schemas"]?["ErrorBody"])
        let codes = body["properties"]?["error"]?["properties"]?["code"]?["enum"]?.array.compactMap(\.string)
        #expect(codes == APIError.Code.allCases.map(\.rawValue))
    }

    @Test func requestsAreAsDescribed() throws {
        func check(_ message: some Encodable, _ name: String) throws {
            let value = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(message))
            let schema = try #require(document["components"]?["schemas"]?[name])
            #expect(try checker.problems(of: value, with: schema) == [])
        }
        try check(RunSubmission(plan: "x", folder: "/data"), "RunSubmission")
        try check(RunSubmission(plan: "x"), "RunSubmission")
        try check(Examples.registration, "WorkerRegistration")
        try check(LeaseRequest(worker: Examples.worker, nonce: "n", waitSeconds: 2.5), "LeaseRequest")
        try check(
            Heartbeat(
                worker: Examples.worker, nonce: "n",
                tasks: [TaskProgress(task: Examples.task, token: Examples.token, share: 0.5)]), "Heartbeat")
        try check(TaskRelease(Examples.claim, .failed("x")), "TaskRelease")
        try check(TaskRelease(Examples.claim), "TaskRelease")
        try check(
            TaskRelease(
                Examples.claim,
                .diverged(Divergence(what: "the loss", value: "inf", feature: 3, magnitude: 1e6))), "TaskRelease")
        try check(TaskRelease(Examples.claim, .needsMemory(needed: 2, available: 1)), "TaskRelease")
        try check(TaskRelease(Examples.claim, .damagedInput), "TaskRelease")
        try check(WorkerLeave(nonce: "x"), "WorkerLeave")
        try check(SessionRequest(token: "x"), "SessionRequest")
    }

    @Test func theCheckerNoticesWhatIsWrong() throws {
        let schema = try #require(document["components"]?["schemas"]?["TaskRelease"])
        for wrong in [#"{}"#, #"{"worker":5}"#, #"{"worker":"w w"}"#, #"{"worker":"w","x":1}"#, "[]", "null"] {
            let value = try JSONDecoder().decode(JSONValue.self, from: Data(wrong.utf8))
            #expect(try checker.problems(of: value, with: schema) != [], "\(wrong)")
        }
    }

    /// One request, and the path of the route that it is meant for.
    struct Exchange: Sendable {
        var method: HTTPRequest.Method
        var path: String
        var uri: String
        var headers: HTTPFields = [:]
        var body = ""
    }

    @Test func answersAreAsDescribed() async throws {
        let api = try FakeCoordinator()
        api.memory.withLock { $0.isStopping = true }
        let seen = try await answers(of: api)
        for (exchange, answer) in seen { try check(answer, to: exchange) }
        // Every answer that the document gives a shape of its own has come.
        let missing = try #require(document["paths"]).object.flatMap { path, item in
            item.object.filter { Self.methods.contains($0.key) }.flatMap { method, operation in
                (operation["responses"]?.object.keys.filter { "23".contains($0.prefix(1)) } ?? []).filter { status in
                    !seen.contains {
                        $0.0.path == path && $0.0.method.rawValue.lowercased() == method
                            && String($0.1.status.code) == status
                    }
                }.map { "\(method) \(path) \($0)" }
            }
        }
        #expect(missing == [])
    }

    @Test func eventsAreAsDescribed() async throws {
        let api = try FakeCoordinator()
        api.memory.withLock { ($0.changes, $0.isStopping) = (2, true) }
        let schema = try #require(document["components"]?["schemas"]?["LiveUpdate"])
        try await withServer(api) { client async throws in
            let events = try Events(try await client.get(LiveTests.uri).text)
            #expect(events.data.count == 2)
            for data in events.data {
                #expect(try checker.problems(of: JSONDecoder().decode(JSONValue.self, from: data), with: schema) == [])
            }
        }
    }

    @Test func everyOpenPathIsDescribed() throws {
        let paths = try #require(document["paths"]).object
        let open = paths.filter { $0.value.object.values.contains { $0["security"] == .array([]) } }.map(\.key)
        #expect(Set(open) == AccessTests.open.union(["/{file}"]))
    }

    private func answers(of api: FakeCoordinator) async throws -> [(Exchange, TestResponse)] {
        let server = HTTPServer(api: api, listen: ListenAddress("127.0.0.1:0")!, token: nil, logger: quiet)
        return try await server.application.test(.router) { client in
            var seen: [(Exchange, TestResponse)] = []
            for exchange in exchanges(with: api) {
                let answer = try await client.executeRequest(
                    uri: exchange.uri, method: exchange.method, headers: exchange.headers,
                    body: ByteBuffer(string: exchange.body))
                seen.append((exchange, answer))
            }
            return seen
        }
    }

    private func exchanges(with api: FakeCoordinator) -> [Exchange] {
        let (run, task, blob) = (
            "/v1/runs/\(Examples.run)", "/v1/tasks/\(Examples.task)", "/v1/blobs/\(api.blobDigest)"
        )
        let blobPath = "/v1/blobs/{digest}"
        func lease(_ worker: String) -> Exchange {
            Exchange(
                method: .post, path: "/v1/leases", uri: "/v1/leases",
                body: #"{"worker":"\#(worker)","nonce":"n","waitSeconds":0}"#)
        }
        let registration = String(
            decoding: (try? JSONEncoder().encode(Examples.registration)) ?? Data(), as: UTF8.self)
        return [
            Exchange(method: .get, path: "/v1/info", uri: "/v1/info"),
            Exchange(method: .get, path: "/v1/runs", uri: "/v1/runs"),
            Exchange(method: .post, path: "/v1/runs", uri: "/v1/runs", body: #"{"plan":"x"}"#),
            Exchange(method: .post, path: "/v1/runs", uri: "/v1/runs", body: #"{"plan":"wrong"}"#),
            Exchange(method: .get, path: "/v1/runs/{run}", uri: run),
            Exchange(method: .get, path: "/v1/runs/{run}", uri: "/v1/runs/x"),
            Exchange(method: .get, path: "/v1/runs/{run}/events", uri: run + "/events"),
            Exchange(method: .get, path: "/v1/runs/{run}/events", uri: run + "/events?after=7"),
            Exchange(method: .get, path: "/v1/runs/{run}/events", uri: "/v1/runs/x/events"),
            Exchange(method: .post, path: "/v1/runs/{run}/cancel", uri: run + "/cancel"),
            Exchange(method: .post, path: "/v1/runs/{run}/cancel", uri: "/v1/runs/x/cancel"),
            Exchange(method: .get, path: "/v1/runs/{run}/exports/{part}", uri: run + "/exports/pretrained"),
            Exchange(method: .get, path: "/v1/runs/{run}/exports/{part}", uri: run + "/exports/fine-tuned"),
            Exchange(method: .get, path: "/v1/garbage", uri: "/v1/garbage"),
            Exchange(method: .get, path: "/v1/garbage", uri: "/v1/garbage?older=nan"),
            Exchange(method: .delete, path: "/v1/garbage", uri: "/v1/garbage"),
            Exchange(method: .delete, path: "/v1/garbage", uri: "/v1/garbage?older=5"),
            Exchange(method: .post, path: "/v1/workers", uri: "/v1/workers", body: registration),
            Exchange(method: .post, path: "/v1/workers", uri: "/v1/workers", body: "{"),
            Exchange(
                method: .post, path: "/v1/heartbeats", uri: "/v1/heartbeats",
                body:
                    #"{"worker":"w","nonce":"n","tasks":[{"task":"\#(Examples.task)","token":"\#(Examples.token)","share":0.25}]}"#
            ),
            Exchange(
                method: .post, path: "/v1/workers/{worker}/leave", uri: "/v1/workers/\(Examples.worker)/leave",
                body: #"{"nonce":"x"}"#),
            Exchange(
                method: .post, path: "/v1/tasks/{task}/release", uri: task + "/release",
                body: #"{"worker":"w","token":"\#(Examples.token)"}"#),
            Exchange(
                method: .put, path: "/v1/tasks/{task}/update", uri: updatePath,
                headers: [
                    .init("Content-Digest")!: contentDigest(of: Array("abc".utf8)),
                    .init("Cairn-Lease")!: Examples.token.rawValue,
                ], body: "abc"),
            Exchange(method: .put, path: "/v1/tasks/{task}/update", uri: updatePath, body: "abc"),
            Exchange(method: .get, path: blobPath, uri: blob), Exchange(method: .head, path: blobPath, uri: blob),
            Exchange(method: .get, path: blobPath, uri: blob, headers: [.range: "bytes=5-"]),
            Exchange(method: .get, path: blobPath, uri: blob, headers: [.range: "bytes=100000-"]),
            Exchange(method: .get, path: blobPath, uri: blob, headers: [.ifNoneMatch: "*"]),
            Exchange(method: .head, path: blobPath, uri: blob, headers: [.ifNoneMatch: "*"]),
            Exchange(method: .get, path: blobPath, uri: "/v1/blobs/x"),
        ] + learntExchanges(run) + pageExchanges() + (["idle"] + Examples.work.indices.map { "work-\($0)" }).map(lease)
    }

    private func learntExchanges(_ run: String) -> [Exchange] {
        let pictures = "/v1/runs/{run}/pictures/{name}"
        return [
            Exchange(method: .get, path: "/v1/live", uri: "/v1/live"),
            Exchange(method: .get, path: "/v1/live", uri: "/v1/live?run=x"),
            Exchange(method: .get, path: "/v1/runs/{run}/plan", uri: run + "/plan"),
            Exchange(method: .get, path: "/v1/runs/{run}/plan", uri: "/v1/runs/x/plan"),
            Exchange(method: .get, path: "/v1/runs/{run}/metrics.csv", uri: run + "/metrics.csv"),
            Exchange(method: .get, path: pictures, uri: run + "/pictures/filters?stage=1"),
            Exchange(method: .get, path: pictures, uri: run + "/pictures/filters", headers: [.ifNoneMatch: "*"]),
            Exchange(method: .get, path: pictures, uri: run + "/pictures/mistakes"),
            Exchange(method: .get, path: "/v1/runs/{run}/codes", uri: run + "/codes"),
            Exchange(method: .get, path: "/v1/runs/{run}/codes", uri: "/v1/runs/x/codes"),
            Exchange(method: .get, path: "/v1/runs/{run}/mistakes", uri: run + "/mistakes"),
            Exchange(method: .get, path: "/v1/runs/{run}/mistakes", uri: "/v1/runs/x/mistakes"),
        ]
    }

    private func pageExchanges() -> [Exchange] {
        let starts = [HTTPRequest.Method.get, .head].flatMap { method in
            [HTTPFields(), [.ifNoneMatch: "*"]].flatMap { headers in
                [("/", "/"), ("/{file}", "/index.html")].map {
                    Exchange(method: method, path: $0.0, uri: $0.1, headers: headers)
                }
            }
        }
        let session = "/v1/session"
        return starts + PageTests.files.map { Exchange(method: .get, path: "/{file}", uri: "/" + $0.name) } + [
            Exchange(method: .get, path: "/{file}", uri: "/nowhere"),
            Exchange(method: .get, path: "/healthz", uri: "/healthz"),
            Exchange(method: .get, path: "/readyz", uri: "/readyz"),
            Exchange(method: .get, path: "/metrics", uri: "/metrics"),
            Exchange(method: .post, path: session, uri: session, body: #"{"token":"x"}"#),
            Exchange(method: .post, path: session, uri: session, body: "{"),
            Exchange(method: .delete, path: session, uri: session),
        ]
    }

    private func check(_ answer: TestResponse, to exchange: Exchange) throws {
        let operation = document["paths"]?[exchange.path]?[exchange.method.rawValue.lowercased()]
        let responses = try #require(operation?["responses"])
        let status = String(answer.status.code)
        let known = try #require(responses[status] ?? (answer.status.code >= 400 ? responses["default"] : nil))
        let response = try checker.resolve(known)
        let place = "\(exchange.method) \(exchange.uri) \(status)"
        for (name, reference) in response["headers"]?.object ?? [:] {
            let header = try checker.resolve(reference)
            let value = try #require(answer.headers[HTTPField.Name(name)!], "\(place) has no \(name)")
            #expect(
                try checker.problems(of: .string(value), with: #require(header["schema"])) == [], "\(place) \(name)")
        }
        if let content = response["content"] {
            let type = try #require(answer.headers[.contentType])
            let media = try #require(content[type], "\(place) is of type \(type)")
            if let schema = media["schema"] {
                let value = try answer.json(JSONValue.self)
                #expect(try checker.problems(of: value, with: schema) == [], "\(place)")
            }
        } else {
            #expect(answer.bytes.isEmpty, "\(place) has a body")
        }
    }
}
