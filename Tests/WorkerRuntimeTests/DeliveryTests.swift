import Coordination
import CoordinatorRuntime
import Foundation
import RunProtocol
import Synchronization
import TestSite
import Testing
import WorkerRuntime

/// What becomes of a result that does not get through.
@Suite(.timeLimit(.minutes(2))) struct DeliveryTests {
    private let site: Site

    init() throws {
        site = try Site()
    }

    @Test(arguments: [
        ConnectionError(.malformedAnswer, "http://here answers PUT with status 413, not as a coordinator does"),
        ConnectionError(.unreachable, "http://here answers 502"),
        ConnectionError(.timedOut, "http://here did not answer in time"),
    ]) func aResultIsKeptAndSentAgain(error: ConnectionError) async throws {
        try await site.living { coordinator in
            let line = Barrier(LocalConnection(coordinator), error, refusesResults: true)
            let worker = Worker.with(line)
            let thread = worker.start()
            let run = try await coordinator.submit(site.submission(adding: "")).id
            var reasons: Set<String> = []
            var status = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
            while !status.state.isFinal {
                if let reason = status.reason {
                    reasons.insert(reason)
                    if line.refused.count >= 2 { line.letResultsThrough() }
                }
                try await Task.sleep(for: .milliseconds(20))
                status = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
            }
            #expect(status.state == .finished, "\(status.reason ?? "")")
            worker.stop()
            try await thread.value
            // No task was asked for a second time because of it.
            #expect(line.leased.count == Set(line.leased).count)
            #expect(line.refused.count >= 2)
            #expect(Set(line.refused).count == 1)
            let whole = "\(line.refused[0])"
            #expect(
                reasons.contains { $0.contains("the result of \(whole)") && $0.contains(error.message) }, "\(reasons)")
            let events = try await coordinator.journal(of: run, after: 0).entries
            #expect(events.contains { $0.text.contains("is in trouble") && $0.reason.contains(error.message) })
            #expect(events.contains { $0.text.contains("goes on") })
        }
    }

    /// A heartbeat must not claim again what is given back.
    @Test func aTaskIsOffTheListBeforeItIsGivenBack() async throws {
        try await site.living { coordinator in
            let line = Barrier(LocalConnection(coordinator), ConnectionError(.unreachable, "no"), hasBlobs: false)
            let worker = Worker.with(line, slots: 2)
            let thread = worker.start()
            _ = try await coordinator.submit(site.submission(adding: ""))
            while line.released.count < 4 || line.troubles.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            worker.stop()
            try await thread.value
            #expect(line.namedAfterRelease.isEmpty, "\(line.namedAfterRelease)")
            #expect(line.troubles.contains { $0.contains("cannot be done: no") }, "\(line.troubles)")
        }
    }

    @Test func oneRequestWaitsForAllSlots() async throws {
        try await site.living { coordinator in
            let line = Barrier(LocalConnection(coordinator), ConnectionError(.unreachable, "no"))
            let worker = Worker.with(line, slots: 16)
            let thread = worker.start()
            while line.mostWaiting == 0 { try await Task.sleep(for: .milliseconds(20)) }
            try await Task.sleep(for: .milliseconds(300))
            #expect(line.mostWaiting == 1)
            let run = try await coordinator.submit(site.submission(adding: "")).id
            while try await !coordinator.status(of: run, after: nil, waitSeconds: 1).state.isFinal {}
            #expect(line.mostWaiting == 1)
            worker.stop()
            try await thread.value
            #expect(line.hasLeft)
            let crew = await coordinator.information().workers
            #expect(crew.map(\.state) == [.left])
        }
    }
}

/// What stands between a worker and its coordinator: it lets results through only when it is told to, and no blobs where
/// that is said. The second result waits for a heartbeat that tells of no trouble any more.
private final class Barrier: WorkerConnection {
    private struct State {
        var refusesResults: Bool
        var mustTellOfNoTrouble = false
        var leased: [TaskID] = []
        var refused: [TaskID] = []
        var released: [TaskID] = []
        var namedAfterRelease: [TaskID] = []
        var troubles: Set<String> = []
        var waiting = 0
        var mostWaiting = 0
        var hasLeft = false
    }

    private let target: LocalConnection
    private let error: ConnectionError
    private let hasBlobs: Bool
    private let state: Mutex<State>

    init(_ target: LocalConnection, _ error: ConnectionError, refusesResults: Bool = false, hasBlobs: Bool = true) {
        (self.target, self.error, self.hasBlobs) = (target, error, hasBlobs)
        state = Mutex(State(refusesResults: refusesResults))
    }

    func letResultsThrough() { state.withLock { $0.refusesResults = false } }

    var leased: [TaskID] { state.withLock { $0.leased } }
    var refused: [TaskID] { state.withLock { $0.refused } }
    var released: [TaskID] { state.withLock { $0.released } }
    var namedAfterRelease: [TaskID] { state.withLock { $0.namedAfterRelease } }
    var troubles: Set<String> { state.withLock { $0.troubles } }
    var mostWaiting: Int { state.withLock { $0.mostWaiting } }
    var hasLeft: Bool { state.withLock { $0.hasLeft } }

    func register(_ registration: WorkerRegistration) throws -> WorkerWelcome {
        var welcome = try target.register(registration)
        welcome.heartbeatSeconds = 0.05
        return welcome
    }

    func lease(_ request: LeaseRequest) throws -> TaskLease? {
        state.withLock { state in
            state.waiting += 1
            state.mostWaiting = max(state.mostWaiting, state.waiting)
        }
        defer { state.withLock { $0.waiting -= 1 } }
        let lease = try target.lease(request)
        state.withLock { state in
            guard let task = lease?.task.id else { return }
            state.leased.append(task)
        }
        return lease
    }

    func heartbeat(_ heartbeat: Heartbeat) throws -> HeartbeatReply {
        state.withLock { state in
            let out = state.released.filter { task in
                state.released.count { $0 == task } == state.leased.count { $0 == task }
            }
            state.namedAfterRelease += heartbeat.tasks.map(\.task).filter(out.contains)
            if let trouble = heartbeat.trouble { state.troubles.insert(trouble) }
        }
        let reply = try target.heartbeat(heartbeat)
        if heartbeat.trouble == nil { state.withLock { $0.mustTellOfNoTrouble = false } }
        return reply
    }

    func release(_ task: TaskID, _ release: TaskRelease) throws {
        try target.release(task, release)
        state.withLock { $0.released.append(task) }
    }

    func leave(_ worker: WorkerID, _ leave: WorkerLeave) throws {
        try target.leave(worker, leave)
        state.withLock { $0.hasLeft = true }
    }

    func deliver(_ task: TaskID, by claim: TaskClaim, update: Data) throws -> UpdateReceipt {
        let isRefused = state.withLock { state in
            if state.refusesResults { state.refused.append(task) }
            return state.refusesResults
        }
        if isRefused { throw error }
        while state.withLock({ $0.mustTellOfNoTrouble }) { usleep(1_000) }
        let receipt = try target.deliver(task, by: claim, update: update)
        state.withLock { $0.mustTellOfNoTrouble = $0.refused.last == task }
        return receipt
    }

    func localCopy(of blob: Digest, in folder: String, progress: @escaping (Int) -> Void) throws -> String {
        guard hasBlobs else { throw error }
        return try target.localCopy(of: blob, in: folder, progress: progress)
    }

    func interrupt() { target.interrupt() }
}
