import CoordinatorClient
import Foundation
import RunProtocol
import Testing

@Suite struct InterruptionTests {
    private let wish = LeaseRequest(worker: Example.worker, nonce: "n", waitSeconds: 30)

    private func interruptSoon(_ connection: HTTPConnection) {
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: 0.3)
            connection.interrupt()
        }
    }

    @Test func waitsEndAndOtherCallsStillWork() throws {
        let server = try ScriptedServer { request in
            switch request.target {
            case "/v1/leases": [.pause(seconds: 20)]
            case "/v1/heartbeats": [.json(200, HeartbeatReply(abandon: []))]
            case let target where target.hasPrefix("/v1/blobs/"): [.answer(200, Example.blob)]
            case let target where target.hasSuffix("/release"): [.text("HTTP/1.1 204 No Content\r\n\r\n")]
            default: [.json(200, UpdateReceipt(verdict: .accepted))]
            }
        }
        defer { server.stop() }
        let connection = try Example.connection(to: server.url, retrySeconds: 60)
        interruptSoon(connection)
        let seconds = try Example.seconds {
            let error = try Example.connectionError { try connection.lease(wish) }
            #expect(error.reason == .interrupted)
        }
        #expect(seconds < 10)

        // From now on a wait does not even begin.
        #expect(try Example.connectionError { try connection.lease(wish) }.reason == .interrupted)
        #expect(
            try Example.connectionError { try connection.status(of: Example.run, after: 1, waitSeconds: 5) }.reason
                == .interrupted)
        #expect(server.received.count == 1)

        #expect(try connection.heartbeat(Heartbeat(worker: Example.worker, nonce: "n", tasks: [])).abandon == [])
        #expect(try connection.deliver(Example.task, by: Example.claim, update: Data([1])).verdict == .accepted)
        try connection.release(Example.task, TaskRelease(Example.claim))
        try Example.withFolder { folder in _ = try connection.localCopy(of: Example.digest, in: folder) }
    }

    @Test func pausesEnd() throws {
        let server = try ScriptedServer { _ in [.answer(503, Data(), headers: ["Retry-After: 25"])] }
        defer { server.stop() }
        let connection = try Example.connection(to: server.url, retrySeconds: 60)
        interruptSoon(connection)
        let seconds = try Example.seconds {
            let error = try Example.connectionError {
                try connection.heartbeat(Heartbeat(worker: Example.worker, nonce: "n", tasks: []))
            }
            #expect(error.reason == .interrupted)
            #expect(error.message.contains("503"))
        }
        #expect(seconds < 10)
    }

    @Test func aHungLongPollTimesOut() throws {
        let server = try ScriptedServer { _ in [.pause(seconds: 20)] }
        defer { server.stop() }
        let connection = try Example.connection(to: server.url) { $0.longPollMarginSeconds = 0.2 }
        let error = try Example.connectionError {
            try connection.lease(LeaseRequest(worker: Example.worker, nonce: "n", waitSeconds: 0.2))
        }
        #expect(error.reason == .timedOut)
    }
}
