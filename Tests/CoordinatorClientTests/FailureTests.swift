import CoordinatorClient
import Foundation
import RunProtocol
import Synchronization
import Testing

@Suite struct FailureTests {
    private static let garbage: [(String, [ScriptedServer.Step], ConnectionError.Reason)] = [
        ("not JSON", [.answer(200, Data("<html>".utf8))], .malformedAnswer),
        ("other JSON", [.answer(200, Data("{\"a\":\n1}".utf8))], .malformedAnswer),
        ("nothing", [.answer(200, Data())], .malformedAnswer),
        ("another server's 404", [.answer(404, Data("not\nhere".utf8))], .malformedAnswer),
        (
            "an unknown code", [.answer(418, Data("{\"error\":{\"code\":\"tea\",\"message\":\"x\"}}".utf8))],
            .malformedAnswer
        ),
        ("a redirection", [.answer(302, Data(), headers: ["Location: http://127.0.0.1:1/"])], .malformedAnswer),
        ("a proxy's error", [.answer(502, Data("bad gateway".utf8))], .unreachable),
        ("a huge body", [.answer(200, Data(repeating: 32, count: Limits.messageBytes + 1))], .malformedAnswer),
        ("a huge error", [.answer(500, Data(repeating: 32, count: Limits.messageBytes + 1))], .malformedAnswer),
        ("not HTTP", [.text("SSH-2.0-OpenSSH_9.2\r\n\r\n"), .close], .malformedAnswer),
        ("no answer", [.close], .unreachable),
        ("a reset", [.reset], .unreachable),
        ("a truncated body", [.truncated(200, Data("{}".utf8), after: 1), .close], .unreachable),
        ("a truncated head", [.text("HTTP/1.1 200 OK\r\nContent-Le"), .close], .unreachable),
    ]

    @Test(arguments: garbage)
    func answersThatAreNotACoordinators(
        name: String, steps: [ScriptedServer.Step], reason: ConnectionError.Reason
    ) throws {
        let server = try ScriptedServer { _ in steps }
        defer { server.stop() }
        let error = try Example.connectionError { try Example.connection(to: server.url).information() }
        #expect(error.reason == reason, "\(name): \(error.message)")
        #expect(error.message.contains(server.url))
    }

    @Test func slowAnswersAreNotWaitedFor() throws {
        let server = try ScriptedServer { _ in [.pause(seconds: 3)] }
        defer { server.stop() }
        let connection = try Example.connection(to: server.url) { $0.requestSeconds = 0.3 }
        let error = try Example.connectionError { try connection.information() }
        #expect(error.reason == .timedOut)
    }

    @Test func nobodyListens() throws {
        let server = try ScriptedServer { _ in [] }
        server.stop()
        Thread.sleep(forTimeInterval: 0.1)
        let error = try Example.connectionError { try Example.connection(to: server.url).information() }
        #expect(error.reason == .unreachable)
        #expect(error.message.contains("is the coordinator running there?"))
    }

    @Test func theCoordinatorsNoIsPassedOnAtOnce() throws {
        let no = APIError(.conflict, "the run has not got that far", hint: "wait")
        let server = try ScriptedServer { _ in [.json(409, APIErrorBody(error: no))] }
        defer { server.stop() }
        let connection = try Example.connection(to: server.url, retrySeconds: 60)
        let error = try #require(throws: APIError.self) { try connection.export(Example.part, of: Example.run) }
        #expect(error == no)
        #expect(server.received.count == 1)
    }

    @Test func aNoBeforeTheEndOfAnUploadIsHeard() throws {
        let no = APIError(.tooLarge, "the update has too many bytes")
        let server = try ScriptedServer(readsBodies: false) { _ in
            [.json(413, APIErrorBody(error: no)), .pause(seconds: 1), .close]
        }
        defer { server.stop() }
        let connection = try Example.connection(to: server.url, retrySeconds: 60)
        let update = Data(count: 50_000_000)
        let error = try #require(throws: APIError.self) {
            try connection.deliver(Example.task, by: Example.claim, update: update)
        }
        #expect(error == no)
        #expect(server.connectionCount == 1)
    }

    @Test func aStoppingCoordinatorIsAskedAgain() throws {
        let no = APIErrorBody(error: APIError(.unavailable, "stopping"))
        let server = try ScriptedServer { request in
            request.index == 0 ? [.json(503, no, headers: ["Retry-After: 1"])] : [.json(200, Example.information)]
        }
        defer { server.stop() }
        let reports = Mutex<[(String, Double)]>([])
        let reported: @Sendable (String, Double) -> Void = { problem, pause in
            reports.withLock { $0.append((problem, pause)) }
        }
        let connection = try Example.connection(to: server.url, retrySeconds: 20) { $0.whenRetrying = reported }
        let seconds = try Example.seconds { _ = try connection.information() }
        #expect(seconds >= 1)
        #expect(reports.withLock { $0.map(\.0) } == ["stopping"])
        #expect(reports.withLock { $0[0].1 } >= 1)
        let impatient = try ScriptedServer { _ in [.json(503, no)] }
        defer { impatient.stop() }
        let error = try #require(throws: APIError.self) { try Example.connection(to: impatient.url).information() }
        #expect(error.code == .unavailable)
    }

    @Test func dropsAreRetriedUntilItWorks() throws {
        let server = try ScriptedServer { request in
            switch request.index {
            case 0: [.reset]
            case 1: [.close]
            case 2: [.truncated(200, Data("{}".utf8), after: 1), .close]
            case 3: [.answer(504, Data())]
            default: [.json(200, UpdateReceipt(verdict: .accepted))]
            }
        }
        defer { server.stop() }
        let connection = try Example.connection(to: server.url, retrySeconds: 60)
        let update = Data(repeating: 1, count: 100_000)
        #expect(try connection.deliver(Example.task, by: Example.claim, update: update).verdict == .accepted)
        #expect(server.received.count == 5)
        // A reset may reach the client before its body was read; whatever was read is the whole update.
        #expect(server.received.allSatisfy { $0.body == update })
    }

    @Test func aWorkerMayBeStartedBeforeItsCoordinator() throws {
        let first = try ScriptedServer { _ in [] }
        first.stop()
        Thread.sleep(forTimeInterval: 0.1)
        let port = first.port
        let second = Mutex<ScriptedServer?>(nil)
        // No other retries: only a registration goes on for ever.
        let connection = try Example.connection(to: first.url)
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.4)
            let server = try? ScriptedServer(port: port) { _ in [.json(201, Example.welcome)] }
            second.withLock { $0 = server }
        }
        #expect(try connection.register(Example.registration) == Example.welcome)
        second.withLock { $0?.stop() }
    }
}
