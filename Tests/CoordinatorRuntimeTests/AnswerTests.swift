import Coordination
import CoordinatorRuntime
import Foundation
import RunProtocol
import TestSite
import Testing

/// Answers that cannot count, and answers that come twice or too late.
@Suite(.timeLimit(.minutes(2))) struct AnswerTests {
    /// What is wrong with an answer, and what the refusal says.
    enum Fault: String, CaseIterable {
        case notFinite = "is not finite"
        case tooLarge = "the change of units.left.weight is 2000.0"
        case wrongCount = "the update has 1 numbers; its task has"
        case wrongSamples = "it speaks of 1 samples, not"
        case wrongTask = "it answers run-other.s0.r1.t0"
        case truncated = "the update ends before its last number"
        case error = "it has a value that its task does not ask for: reconstructionError"
        case confusion = "it has a value that its task does not ask for: confusion"
        case seconds = "its seconds are not a length of time"
        case noUpdate = "these bytes are not an update"
        case packed = "there are more than"

        func update(_ task: TaskDescription) throws -> Data {
            var result = Answer.result(task)
            var id = task.id
            switch self {
            case .notFinite: result.vector[1] = .nan
            case .tooLarge: result.vector[0] = 2_000
            case .wrongCount: result.vector = [1]
            case .wrongSamples: result.figures.samples = 1
            case .wrongTask:
                let other = try #require(RunID(rawValue: "run-other"))
                id = TaskID(run: other, stage: 0, round: 1, index: 0)
            case .error: result.figures.metrics["reconstructionError"] = 1
            case .confusion: result.figures.tables["confusion"] = [[1]]
            case .seconds: result.figures.seconds = -1
            case .truncated: return try UpdateFormat.encode(task: id, result: result).dropLast()
            case .noUpdate: return Data("hello".utf8)
            case .packed: return try Self.bomb(after: UpdateFormat.encode(task: id, result: result))
            }
            return try UpdateFormat.encode(task: id, result: result)
        }

        /// An update with 64 MiB of zeros behind it, gzipped into a few kilobytes.
        private static func bomb(after update: Data) throws -> Data {
            let process = Process()
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-c", "(cat; head -c 67108864 /dev/zero) | gzip --fast"]
            let (pipe, input) = (Pipe(), Pipe())
            process.standardOutput = pipe
            process.standardInput = input
            try process.run()
            try input.fileHandleForWriting.write(contentsOf: update)
            try input.fileHandleForWriting.close()
            return pipe.fileHandleForReading.readDataToEndOfFile()
        }
    }

    @Test(arguments: Fault.allCases) func whatIsWrongIsSaidAndTheTaskIsOpenAgain(fault: Fault) async throws {
        let site = try Site()
        try await site.living { coordinator in
            _ = try await coordinator.submit(site.submission)
            let worker = try await coordinator.join()
            let task = try #require(try await coordinator.trainingTask(for: worker))
            let update = try fault.update(task)
            let error = await #expect(throws: APIError.self) {
                try await coordinator.send(update, to: task.id, as: worker)
            }
            #expect(error?.code == .refusedUpdate)
            #expect(error?.message.contains(fault.rawValue) == true, "\(String(describing: error))")
            #expect(error?.message.contains("\n") == false)
            #expect(try await coordinator.task(for: worker)?.id == task.id)
            #expect(try FileManager.default.contentsOfDirectory(atPath: coordinator.uploadFolder) == [])
        }
    }

    @Test func aConfusionMatrixMustAddUp() async throws {
        let site = try Site()
        try await site.living { coordinator in
            _ = try await coordinator.submit(site.submission)
            let worker = try await coordinator.join()
            while let task = try await coordinator.task(for: worker, within: 30) {
                guard case .evaluate(let work) = task.work, case .confusion? = work.measures.first else {
                    _ = try await coordinator.answer(task, as: worker)
                    continue
                }
                for matrix in [
                    nil, [[10]], [[9, 0, 0], [0, 0, 0], [0, 0, 0]], [[11, -1, 0], [0, 0, 0], [0, 0, 0]],
                ] {
                    var result = Answer.result(task)
                    result.figures.tables["confusion"] = matrix
                    let update = try UpdateFormat.encode(task: task.id, result: result)
                    let error = await #expect(throws: APIError.self) {
                        try await coordinator.send(update, to: task.id, as: worker)
                    }
                    #expect(error?.message.contains("does not count 10 samples in 3 classes") == true)
                }
                return
            }
            Issue.record("no classification was asked for")
        }
    }

    @Test func aRunFailsWhenATaskHasFailedTooOften() async throws {
        let site = try Site()
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let worker = try await coordinator.join()
            for attempt in 1...Limits.taskAttempts {
                let task = try #require(try await coordinator.trainingTask(for: worker))
                // Refused answers do not count for the task.
                if attempt == 2 {
                    let update = try Fault.notFinite.update(task)
                    await #expect(throws: APIError.self) {
                        try await coordinator.send(update, to: task.id, as: worker)
                    }
                    #expect(try await coordinator.trainingTask(for: worker) == task)
                }
                try await coordinator.release(task.id, by: worker, .failed("no\u{1B}\nluck"))
            }
            let status = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
            #expect(status.state == .failed)
            #expect(status.reason?.contains("failed 5 times, the last time because: no") == true)
            #expect(try await coordinator.task(for: worker, within: 0) == nil)
            #expect(try site.blobs() == [])
        }
    }

    @Test func aWorkerWhoseAnswersAreRefusedIsQuarantinedAndNamed() async throws {
        let site = try Site()
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let liar = try await coordinator.join()
            for _ in 1...Limits.refusedAnswers {
                let task = try #require(try await coordinator.trainingTask(for: liar))
                let update = try Fault.notFinite.update(task)
                await #expect(throws: APIError.self) { try await coordinator.send(update, to: task.id, as: liar) }
            }
            let refusal = await #expect(throws: APIError.self) { try await coordinator.task(for: liar, within: 0) }
            #expect(refusal?.code == .quarantined)
            let named = await coordinator.information().workers.first { $0.worker == liar }
            #expect(named?.quarantine?.contains("3 of its answers in a row were refused") == true)
            let status = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
            #expect(status.state == .waiting && status.workers == 0)
            #expect(status.reason?.contains("quarantined") == true)
            let journal = try await coordinator.journal(of: run, after: 0).entries
            #expect(journal.contains { $0.text.contains("\(liar)") && $0.reason.contains("is not finite") })
            #expect(journal.map(\.number) == Array(1...journal.count))
            let last = try await coordinator.journal(of: run, after: journal.count - 1)
            #expect(last.entries == [journal[journal.count - 1]])
            #expect(try await coordinator.finish(run).state == .finished)
        }
    }

    /// Whatever the task, after a restart, and under another name.
    @Test func nothingOfAQuarantinedProcessCounts() async throws {
        let site = try Site()
        let process = WorkerRegistration(host: "bad", processID: 1, slots: 8, version: "1", instructionSet: "any")
        let (run, liar, task) = try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let liar = try await coordinator.join(process: process)
            let first = try #require(try await coordinator.task(for: liar))
            for _ in 1...Limits.refusedAnswers {
                let task = try #require(try await coordinator.trainingTask(for: liar))
                let update = try Fault.notFinite.update(task)
                await #expect(throws: APIError.self) { try await coordinator.send(update, to: task.id, as: liar) }
            }
            try await isRefused(first, liar, .quarantined, coordinator)
            return (run, liar, first)
        }
        try await site.living { coordinator in
            try await isRefused(task, liar, .notFound, coordinator)
            let again = try await coordinator.join(process: process)
            again.inherit(from: liar, task.id)
            try await isRefused(task, again, .quarantined, coordinator)
            await #expect(throws: APIError.self) { try await coordinator.task(for: again, within: 0) }
            // The same program, started again, is another process.
            var other = process
            other.nonce = WorkerRegistration.freshNonce()
            let new = try await coordinator.join(process: other)
            #expect(try await coordinator.task(for: new) != nil)
            #expect(try await coordinator.finish(run).state == .finished)
        }
    }

    private func isRefused(
        _ task: TaskDescription, _ worker: WorkerID, _ code: APIError.Code, _ coordinator: Coordinator
    ) async throws {
        let error = await #expect(throws: APIError.self) { try await coordinator.answer(task, as: worker) }
        #expect(error?.code == code)
        // It is said before a byte of it is read.
        let early = await #expect(throws: APIError.self) {
            try await coordinator.updateLimit(of: task.id, by: worker.claim(on: task.id))
        }
        #expect(early?.code == code)
    }

    /// A token says so, after a restart too; a name alone says nothing.
    @Test func onlyWhoWasGivenATaskMayAnswerIt() async throws {
        let site = try Site()
        let process = WorkerRegistration(host: "here", processID: 1, slots: 8, version: "1", instructionSet: "any")
        let (run, worker, task) = try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let (worker, other) = (try await coordinator.join(process: process), try await coordinator.join())
            let task = try #require(try await coordinator.trainingTask(for: worker))
            try await isRefused(task, other, .unproven, coordinator)
            other.inherit(from: worker, task.id)
            try await isRefused(task, other, .unproven, coordinator)
            #expect(try await coordinator.heartbeat(Heartbeat(worker: other, [task.id])).abandon == [task.id])
            let stranger = try #require(WorkerID(rawValue: "worker-never"))
            try await isRefused(task, stranger, .notFound, coordinator)
            // Its name is no secret, what it registered with is.
            let theft = await #expect(throws: APIError.self) {
                try await coordinator.lease(LeaseRequest(worker: worker, nonce: other.nonce, waitSeconds: 0))
            }
            #expect(theft?.code == .notFound)
            #expect(await coordinator.information().workers.allSatisfy { $0.registration.nonce.isEmpty })
            return (run, worker, task)
        }
        let key = site.folder.appending(path: "state/lease.key").path
        let mode = try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        try await site.living { coordinator in
            let (again, other) = (try await coordinator.join(process: process), try await coordinator.join())
            #expect(try await coordinator.heartbeat(Heartbeat(worker: other, [task.id])).abandon == [task.id])
            again.inherit(from: worker, task.id)
            #expect(try await coordinator.heartbeat(Heartbeat(worker: again, [task.id])).abandon == [])
            let status = try await coordinator.status(of: run, after: nil, waitSeconds: 0)
            #expect(status.tasksInProgress == 1)
            #expect(try await coordinator.answer(task, as: again) == .accepted)
        }
    }

    @Test func manyRequestsOfAWorkerBringNoMoreTasksThanItHasSlots() async throws {
        let site = try Site()
        try await site.living(ClusterTimes(leaseMilliseconds: 600_000)) { coordinator in
            _ = try await coordinator.submit(site.submission)
            // Once one has a task, there are others to be had.
            _ = try #require(try await coordinator.task(for: coordinator.join()))
            let worker = try await coordinator.join(slots: 1)
            let granted = try await withThrowingTaskGroup(of: TaskDescription?.self) { group in
                for _ in 0..<2_000 { group.addTask { try await coordinator.task(for: worker, within: 5) } }
                return try await group.reduce(into: []) { if let task = $1 { $0.append(task) } }
            }
            #expect(granted.count == 1)
        }
    }

    @Test func aFailureThatIsToldTwiceOrByAStrangerCountsOnce() async throws {
        let site = try Site()
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let (worker, stranger) = (try await coordinator.join(), try await coordinator.join())
            let task = try #require(try await coordinator.trainingTask(for: worker))
            for _ in 0..<2 * Limits.taskAttempts {
                try await coordinator.release(task.id, by: worker, .failed("bad luck"))
                await #expect(throws: APIError.self) {
                    try await coordinator.release(task.id, by: stranger, .failed("bad luck"))
                }
                let update = try Fault.notFinite.update(task)
                await #expect(throws: APIError.self) {
                    try await coordinator.send(update, to: task.id, as: stranger)
                }
            }
            #expect(try await coordinator.finish(run).state == .finished)
        }
    }

    @Test func aTaskThatIsOnlyGivenBackHasNotFailed() async throws {
        let site = try Site()
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let worker = try await coordinator.join()
            for _ in 0..<2 * Limits.taskAttempts {
                let task = try #require(try await coordinator.task(for: worker))
                try await coordinator.release(task.id, by: worker)
            }
            #expect(try await coordinator.finish(run).state == .finished)
        }
    }

    @Test func aSecondAnswerAndALateOneChangeNothing() async throws {
        let site = try Site()
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission).id
            let worker = try await coordinator.join()
            let first = try #require(try await coordinator.task(for: worker))
            #expect(try await coordinator.answer(first, as: worker) == .accepted)
            #expect(try await coordinator.answer(first, as: worker) == .duplicate)
            // Even bytes that are no update: nobody looks at them any more.
            #expect(try await coordinator.send(Data([1]), to: first.id, as: worker) == .duplicate)
            for _ in 0..<2 {
                let task = try #require(try await coordinator.task(for: worker))
                _ = try await coordinator.answer(task, as: worker)
            }
            let next = try #require(try await coordinator.task(for: worker))
            #expect(next.id.round == 2)
            #expect(try await coordinator.answer(first, as: worker) == .late)
            try await coordinator.release(first.id, by: worker, .failed("too late"))
            _ = try await coordinator.cancel(run)
            #expect(try await coordinator.answer(next, as: worker) == .late)
            #expect(try FileManager.default.contentsOfDirectory(atPath: coordinator.uploadFolder) == [])
        }
    }

    @Test func oneOfManyEqualAnswersAtOnceIsAccepted() async throws {
        let site = try Site()
        try await site.living { coordinator in
            _ = try await coordinator.submit(site.submission)
            let worker = try await coordinator.join()
            let task = try #require(try await coordinator.task(for: worker))
            let verdicts = try await withThrowingTaskGroup(of: UpdateReceipt.Verdict.self) { group in
                for _ in 0..<20 { group.addTask { try await coordinator.answer(task, as: worker) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(verdicts.count { $0 == .accepted } == 1)
            #expect(verdicts.count { $0 == .duplicate } == 19)
        }
    }

    // MARK: Workers

    @Test func impossibleWorkersAreRefused() async throws {
        let site = try Site()
        let coordinator = try await site.coordinator()
        let good = WorkerRegistration(host: "h", processID: 1, slots: 1, version: "1", instructionSet: "x")
        var bad: [WorkerRegistration] = []
        for slots in [0, -1, Limits.slots + 1, .max] {
            bad.append(good)
            bad[bad.count - 1].slots = slots
        }
        for host in [String(repeating: "h", count: 257), "a\nb", "a\u{1B}[2J"] {
            bad.append(good)
            bad[bad.count - 1].host = host
        }
        for registration in bad {
            let error = await #expect(throws: APIError.self) { try await coordinator.register(registration) }
            #expect(error?.code == .badRequest)
        }
        var other = good
        other.protocolVersion = ProtocolVersion.current + 1
        let error = await #expect(throws: APIError.self) { try await coordinator.register(other) }
        #expect(error?.code == .incompatibleVersion)
        // Those that are heard make room for nobody.
        for number in 0...Limits.workers {
            var worker = good
            worker.processID = number
            guard number < Limits.workers else {
                let full = await #expect(throws: APIError.self) { try await coordinator.register(worker) }
                #expect(full?.code == .tooManyRequests)
                break
            }
            let name = try await coordinator.register(worker).worker
            _ = try await coordinator.heartbeat(Heartbeat(worker: name, nonce: worker.nonce, tasks: []))
        }
    }

    @Test func aHeartbeatNamesNoMoreTasksThanThereAreSlots() async throws {
        let site = try Site()
        try await site.living { coordinator in
            _ = try await coordinator.submit(site.submission)
            let worker = try await coordinator.join(slots: 2)
            let task = try #require(try await coordinator.task(for: worker))
            let over = TaskID(run: task.id.run, stage: 9, round: 9, index: 999_999_999)
            let reply = try await coordinator.heartbeat(Heartbeat(worker: worker, [task.id, over]))
            #expect(reply.abandon == [over])
            let error = await #expect(throws: APIError.self) {
                try await coordinator.heartbeat(Heartbeat(worker: worker, [task.id, over, over]))
            }
            #expect(error?.code == .badRequest)
        }
    }
}
