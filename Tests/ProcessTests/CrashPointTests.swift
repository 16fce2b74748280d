import Coordination
import DataFormats
import Foundation
import Testing

/// The coordinator is killed right before and right after each of its writes, and its runs end with the same bits.
@Suite(.serialized, .timeLimit(.minutes(10))) struct CrashPointTests {
    /// Facts that an ordinary run does not have, and what is written only where something goes wrong.
    private static let rareFacts: Set<RunEvent.Kind> = [
        .attemptFailed, .answerRefused, .answerWitnessed, .answerContradicted, .failed, .cancelled,
    ]
    private static let rareWrites: Set<WritePoint> = [
        .deleteUpload, .dropFile, .tryForRoom, .commitQuarantine, .createScratch, .writeScratch,
    ]

    /// Each write, of each kind, before and after.
    private func lines(_ points: some Sequence<WritePoint>, _ kinds: some Sequence<RunEvent.Kind>) -> Set<String> {
        let names = points.flatMap { point in
            point == .commitFact ? kinds.map { "\(point.rawValue) \($0.rawValue)" } : [point.rawValue]
        }
        return Set(names.flatMap { name in WritePoint.Moment.allCases.map { "\(name) \($0.rawValue)" } })
    }

    @Test func everyWriteOfARunCanBeItsLast() throws {
        let cluster = try InterruptedCluster()
        let expected = try cluster.reference()
        let ordinary = RunEvent.Kind.allCases.filter { !Self.rareFacts.contains($0) }
        cluster.points = lines(WritePoint.allCases.filter { !Self.rareWrites.contains($0) }, ordinary)
        let count = cluster.points.count
        let worker = try cluster.worker()
        defer { worker.kill() }
        var kills = 0
        while kills <= count {
            let coordinator = try cluster.coordinator(["--exit-when-done"])
            defer { coordinator.kill() }
            let code = coordinator.exitCode(within: 60)
            if code == 0 { break }
            try #require(code == SIGKILL, "\(cluster.points) \(coordinator.said)")
            kills += 1
        }
        #expect(cluster.points == [], "these writes never came")
        #expect(kills == count)
        #expect(try cluster.exports() == expected)
    }

    @Test func everyWriteAboutWhatGoesWrongCanBeItsLast() throws {
        let cluster = try InterruptedCluster()
        let expected = try cluster.reference()
        cluster.points = lines([.deleteUpload], [.attemptFailed, .answerRefused])
        var run = ""
        try cluster.whileKilled { url in
            run = try cluster.onlyRun(url)
            let worker = try cluster.register(url)
            try cluster.send(Data("nonsense".utf8), try cluster.lease(worker, url), worker, url)
            try cluster.fail(try cluster.lease(worker, url), worker, url)
        }
        // The same data once more: their blobs are there already.
        cluster.points = lines([.commitFact, .dropFile], [.cancelled])
        try cluster.whileKilled { url in
            let copy = try JSONEncoder().encode([
                "plan": cluster.planText + "name: again\n", "folder": cluster.folder.path,
            ])
            let answer = try cluster.call("POST", "\(url)/v1/runs", copy)
            let second = try #require(answer?["id"] as? String)
            #expect(second != run)
            try cluster.waitUntilPrepared(second, url)
            try cluster.call("POST", "\(url)/v1/runs/\(second)/cancel", Data())
        }
        let worker = try cluster.worker()
        defer { worker.kill() }
        let coordinator = try cluster.coordinator(["--exit-when-done"])
        defer { coordinator.kill() }
        #expect(coordinator.exitCode(within: 60) == 0, "\(coordinator.said)")
        #expect(try cluster.exports(of: run) == expected)
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small tmpfs needs root and the right to mount"))
    func lookingForRoomCanBeItsLast() throws {
        try SmallDisk.mounted(kibibytes: 16_384) { disk in
            let cluster = try InterruptedCluster(state: disk.path + "/state")
            let expected = try cluster.reference()
            let worker = try cluster.worker()
            defer { worker.kill() }
            for line in lines([.tryForRoom], []).sorted() {
                cluster.points = [line]
                let coordinator = try cluster.coordinator()
                defer { coordinator.kill() }
                try #require(wait(30) { coordinator.said.contains("listening on http") }, "\(coordinator.said)")
                let filler = try SmallDisk.fill(disk)
                #expect(coordinator.exitCode(within: 60) == SIGKILL, "\(coordinator.said)")
                try FileManager.default.removeItem(at: filler)
            }
            let coordinator = try cluster.coordinator(["--exit-when-done"])
            defer { coordinator.kill() }
            #expect(coordinator.exitCode(within: 60) == 0, "\(coordinator.said)")
            #expect(try cluster.exports() == expected)
        }
    }

    /// A worker that is wrong, and two that agree.
    @Test func everyWriteAboutComparedAnswersCanBeItsLast() throws {
        let cluster = try InterruptedCluster(more: "verify: 1\n")
        let expected = try cluster.reference()
        cluster.points = lines([.commitFact], [.answerWitnessed])
        try cluster.whileKilled { url in
            let worker = try cluster.register(url)
            try cluster.answerWrongly(try cluster.lease(worker, url), worker, url)
        }
        cluster.points = lines([.commitFact], [.answerContradicted])
        let workers = try (0..<2).map { _ in try cluster.worker() }
        defer { workers.forEach { $0.kill() } }
        try cluster.whileKilled { url in
            let end = SuspendingClock.now + .seconds(30)
            while !cluster.points.isEmpty, .now < end {
                _ = try cluster.onlyRun(url)
                usleep(50_000)
            }
        }
        let coordinator = try cluster.coordinator(["--exit-when-done"])
        defer { coordinator.kill() }
        #expect(coordinator.exitCode(within: 60) == 0, "\(coordinator.said)")
        #expect(try cluster.exports() == expected)
    }

    /// It is quarantined when its third result in a row is refused.
    @Test func theWriteOfAQuarantineCanBeItsLast() throws {
        let cluster = try InterruptedCluster()
        let expected = try cluster.reference()
        cluster.points = lines([.commitQuarantine], [])
        try cluster.whileKilled { url in
            _ = try cluster.onlyRun(url)
            let worker = try cluster.register(url)
            // Once it is written down, the process gets no more tasks, whatever name it gets.
            let isKnown = cluster.points.isEmpty
            for _ in 0..<(isKnown ? 0 : 3) {
                try cluster.send(Data("nonsense".utf8), try cluster.lease(worker, url), worker, url)
            }
            if isKnown { #expect(throws: (any Error).self) { try cluster.lease(worker, url) } }
        }
        let worker = try cluster.worker()
        defer { worker.kill() }
        let coordinator = try cluster.coordinator(["--exit-when-done"])
        defer { coordinator.kill() }
        #expect(coordinator.exitCode(within: 60) == 0, "\(coordinator.said)")
        #expect(try cluster.exports() == expected)
    }

    /// Five failures of one task end a run.
    @Test func theWriteThatEndsARunCanBeItsLast() throws {
        let cluster = try InterruptedCluster()
        cluster.points = lines([.commitFact], [.failed])
        try cluster.whileKilled { url in
            _ = try cluster.onlyRun(url)
            let worker = try cluster.register(url)
            for _ in 0..<5 {
                guard let lease = try? cluster.lease(worker, url) else { return }
                try cluster.fail(lease, worker, url)
            }
        }
    }
}
