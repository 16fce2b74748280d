import Coordination
import CoordinatorRuntime
import Foundation
import RunProtocol
import TestSite
import Testing

/// Requests that wait for something to change.
@Suite(.timeLimit(.minutes(2))) struct WaitingTests {
    private let clock = ContinuousClock()

    // MARK: The bell

    @Test func aRingBeforeTheWaitIsNotLost() async {
        let bell = Bell()
        let rings = bell.rings
        bell.ring()
        let time = await clock.measure { await bell.wait(after: rings, until: .now + .seconds(30)) }
        #expect(time < .seconds(20))
    }

    @Test func aRingWakesAllThatWait() async {
        let bell = Bell()
        let rings = bell.rings
        let time = await clock.measure {
            await withTaskGroup { group in
                for _ in 0..<50 { group.addTask { await bell.wait(after: rings, until: .now + .seconds(30)) } }
                group.addTask {
                    try? await Task.sleep(for: .milliseconds(50))
                    bell.ring()
                }
            }
        }
        #expect(time < .seconds(20))
    }

    @Test func theDeadlineAndACancellationEndAWait() async {
        let bell = Bell()
        let time = await clock.measure { await bell.wait(after: bell.rings, until: .now + .milliseconds(50)) }
        #expect(time >= .milliseconds(50) && time < .seconds(20))
        await bell.wait(after: bell.rings, until: .now - .seconds(1))
        let waiting = Task { await bell.wait(after: bell.rings, until: .now + .seconds(30)) }
        let cancelled = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await bell.wait(after: bell.rings, until: .now + .seconds(30))
        }
        waiting.cancel()
        let rest = await clock.measure {
            await waiting.value
            await cancelled.value
        }
        #expect(rest < .seconds(20))
    }

    /// Rings, waits, deadlines and cancellations at once: every wait ends, and after the last ring at once.
    @Test func nothingIsLostInATurmoil() async {
        let bell = Bell()
        let time = await clock.measure {
            await withTaskGroup { group in
                for index in 0..<20 {
                    group.addTask {
                        for _ in 0..<50 {
                            let rings = bell.rings
                            let wait = Task { await bell.wait(after: rings, until: .now + .seconds(60)) }
                            if index % 3 == 0 { wait.cancel() } else { bell.ring() }
                            await wait.value
                        }
                    }
                }
            }
        }
        #expect(time < .seconds(50))
    }

    // MARK: Long polls

    @Test func aStatusComesWhenItHasChanged() async throws {
        let site = try Site()
        try await site.living { coordinator in
            let run = try await coordinator.submit(site.submission)
            let worker = try await coordinator.join()
            let task = try #require(try await coordinator.task(for: worker))
            let before = try await coordinator.status(of: run.id, after: nil, waitSeconds: 0).revision
            let next = Task { try await coordinator.status(of: run.id, after: before, waitSeconds: 25) }
            try await Task.sleep(for: .milliseconds(50))
            let time = try await clock.measure {
                _ = try await coordinator.answer(task, as: worker)
                let revision = try await next.value.revision
                #expect(revision > before)
            }
            #expect(time < .seconds(20))
            let now = try await coordinator.status(of: run.id, after: nil, waitSeconds: 0).revision
            let idle = try await clock.measure {
                _ = try await coordinator.status(of: run.id, after: now, waitSeconds: 0.1)
            }
            #expect(idle >= .milliseconds(100) && idle < .seconds(20))
            for odd in [-1, .nan, 0] {
                _ = try await coordinator.status(of: run.id, after: now, waitSeconds: odd)
            }
        }
    }

    @Test func aSlotThatWaitsHasATaskAsSoonAsThereIsOne() async throws {
        let site = try Site()
        try await site.living { coordinator in
            let worker = try await coordinator.join()
            let waiting = Task { try await coordinator.task(for: worker, within: 25) }
            try await Task.sleep(for: .milliseconds(50))
            _ = try await coordinator.submit(site.submission)
            let time = try await clock.measure {
                let task = try await waiting.value
                #expect(task != nil)
            }
            #expect(time < .seconds(20))
        }
    }

    @Test func aSilentWorkersTaskGoesToAnother() async throws {
        let site = try Site()
        try await site.living(ClusterTimes(leaseMilliseconds: 300)) { coordinator in
            _ = try await coordinator.submit(site.submission)
            let (silent, steady) = (try await coordinator.join(), try await coordinator.join())
            let lost = try #require(try await coordinator.task(for: silent))
            var others: [TaskID] = []
            while others.last != lost.id, let task = try await coordinator.task(for: steady, within: 10) {
                others.append(task.id)
                // All the others are kept.
                _ = try? await coordinator.heartbeat(Heartbeat(worker: steady, [task.id]))
            }
            #expect(others.contains(lost.id))
            #expect(try await coordinator.answer(lost, as: silent) == .accepted)
        }
    }

    @Test func stoppingAnswersAllThatWait() async throws {
        let site = try Site()
        let coordinator = try await site.coordinator()
        let run = try await coordinator.submit(site.submission)
        let worker = try await coordinator.join()
        let task = Task { try await coordinator.task(for: worker, within: 25) }
        let status = Task { try await coordinator.status(of: run.id, after: run.revision + 10, waitSeconds: 25) }
        try await Task.sleep(for: .milliseconds(50))
        let time = try await clock.measure {
            await coordinator.stopWaiting()
            let (lease, answer) = try await (task.value, status.value)
            #expect(lease == nil)
            #expect(answer.revision == run.revision)
        }
        #expect(time < .seconds(20))
    }

    @Test func aClientThatHungUpHasNoTask() async throws {
        let site = try Site()
        try await site.living { coordinator in
            let (gone, here) = (try await coordinator.join(), try await coordinator.join())
            let waiting = Task { try await coordinator.task(for: gone, within: 25) }
            try await Task.sleep(for: .milliseconds(50))
            waiting.cancel()
            #expect(try await waiting.value == nil)
            _ = try await coordinator.submit(site.submission)
            // The measurement comes first.
            #expect(try await coordinator.task(for: here)?.id.index == 2)
        }
    }

    @Test func longLeasesDoNotMakeWorkersForgotten() {
        #expect(ClusterTimes().workerMilliseconds == 60_000)
        #expect(ClusterTimes(leaseMilliseconds: 1_000).workerMilliseconds == 15_000)
        #expect(ClusterTimes(leaseMilliseconds: 600_000).workerMilliseconds == 2_400_000)
    }
}
