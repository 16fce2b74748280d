import RandomNumbers

/// Something that goes wrong on purpose. Workers are numbered from 0; what lasts has its seconds.
package enum Fault: Hashable, Sendable {
    /// `kill -9`, and another in its place.
    case killWorker(Int)
    /// `kill -9`, and the same command again on the same port.
    case killCoordinator
    /// SIGTERM, and another in its place.
    case endWorker(Int)
    case endCoordinator
    /// SIGSTOP, later SIGCONT.
    case pauseWorker(Int, seconds: Double)
    case pauseCoordinator(seconds: Double)
    /// Every connection through the proxy is reset.
    case cut
    /// Of what comes next from workers, or from the coordinator, only so many bytes arrive: then the connection is reset.
    case truncate(FaultyProxy.Direction, bytes: Int)
    /// The proxy resets new connections.
    case refuse(seconds: Double)
    /// The proxy accepts and passes nothing on.
    case stall(seconds: Double)
    /// The proxy passes everything on late.
    case delay(seconds: Double)
    /// A second coordinator is started on the same state folder.
    case secondCoordinator
    /// `kill -9`, and two coordinators at once on its state folder.
    case raceCoordinators(secondFirst: Bool)
    /// A worker whose results are not finite joins.
    case hostileWorker
    /// A worker joins that takes a task, says that it is alive, and does nothing.
    case hangingWorker
    /// The proxy answers results with 413, as one with a limit on bodies does, and passes all else on.
    case block(seconds: Double)
    /// No byte is left on the file system of the coordinator's state.
    case fillDisk(seconds: Double)

    /// How long it lasts; 0 for what is over at once.
    package var seconds: Double {
        switch self {
        case .killWorker, .killCoordinator, .endWorker, .endCoordinator, .cut, .truncate, .secondCoordinator,
            .raceCoordinators, .hostileWorker, .hangingWorker:
            0
        case .pauseWorker(_, let seconds), .pauseCoordinator(let seconds), .refuse(let seconds), .stall(let seconds),
            .delay(let seconds), .block(let seconds), .fillDisk(let seconds):
            seconds
        }
    }

    /// For people: faults of one kind have the same name.
    package var kind: String {
        switch self {
        case .killWorker: "worker killed"
        case .killCoordinator: "coordinator killed"
        case .endWorker: "worker ended"
        case .endCoordinator: "coordinator ended"
        case .pauseWorker: "worker paused"
        case .pauseCoordinator: "coordinator paused"
        case .cut: "connections cut"
        case .truncate(.fromWorker, _): "request truncated"
        case .truncate(.fromCoordinator, _): "answer truncated"
        case .refuse: "connections refused"
        case .stall: "connections stalled"
        case .delay: "connections slowed"
        case .secondCoordinator: "second coordinator"
        case .raceCoordinators: "coordinators raced"
        case .hostileWorker: "hostile worker"
        case .hangingWorker: "hanging worker"
        case .block: "results blocked"
        case .fillDisk: "disk filled"
        }
    }
}

/// How much goes wrong.
package struct Wishes: Hashable, Sendable {
    package var workers: Int
    package var workerKills: Int
    package var coordinatorKills: Int
    package var canFillDisk: Bool

    package init(workers: Int, workerKills: Int, coordinatorKills: Int, canFillDisk: Bool) {
        (self.workers, self.workerKills, self.coordinatorKills) = (workers, workerKills, coordinatorKills)
        self.canFillDisk = canFillDisk
    }
}

/// What goes wrong and when: a function of the seed and the wishes alone.
package struct Schedule: Hashable, Sendable {
    /// One thing to do, so many seconds after the one before.
    package struct Step: Hashable, Sendable {
        package enum Action: Hashable, Sendable {
            case begin(Fault)
            case end(Fault)
        }

        package var pauseSeconds: Double
        package var action: Action
    }

    package let steps: [Step]

    /// Faults begin this much after one another: long enough for tasks to be answered in between, short enough for faults
    /// to meet.
    static let gapSeconds = 0.2..<1.2

    package init(_ wishes: Wishes, seed: UInt64) {
        var random = Philox(key: seed, stream: 1)
        let faults = Self.faults(wishes, &random)
        var (time, timed) = (0.0, [(time: Double, action: Step.Action)]())
        for place in random.permutation(of: faults.count) {
            let fault = faults[Int(place)]
            time += random.next(in: Self.gapSeconds)
            timed.append((time, .begin(fault)))
            if fault.seconds > 0 { timed.append((time + fault.seconds, .end(fault))) }
        }
        timed.sort { $0.time < $1.time }
        let before = [0] + timed.map(\.time)
        steps = zip(timed, before).map { Step(pauseSeconds: $0.time - $1, action: $0.action) }
    }

    /// The wanted kills, and half as many other faults, but each kind at least once.
    private static func faults(_ wishes: Wishes, _ random: inout Philox) -> [Fault] {
        let kills = wishes.workerKills + wishes.coordinatorKills
        let kinds = wishes.canFillDisk ? 16 : 15
        return (0..<wishes.workerKills).map { _ in .killWorker(random.next(below: wishes.workers)) }
            + Array(repeating: .killCoordinator, count: wishes.coordinatorKills)
            + (0..<max(kinds, kills / 2)).map { other($0 % kinds, workers: wishes.workers, &random) }
    }

    private static func other(_ kind: Int, workers: Int, _ random: inout Philox) -> Fault {
        switch kind {
        case 0: .endWorker(random.next(below: workers))
        case 1: .endCoordinator
        // Some outlast a lease.
        case 2: .pauseWorker(random.next(below: workers), seconds: random.next(in: 0.5..<4))
        case 3: .pauseCoordinator(seconds: random.next(in: 0.3..<2))
        case 4: .cut
        // Heads and short messages end within the first few hundred bytes, weights and updates have megabytes.
        case 5: .truncate(.fromWorker, bytes: random.next(below: 1 << (4 + random.next(below: 16))))
        case 6: .truncate(.fromCoordinator, bytes: random.next(below: 1 << (4 + random.next(below: 16))))
        case 7: .refuse(seconds: random.next(in: 0.3..<2))
        case 8: .stall(seconds: random.next(in: 0.5..<4))
        case 9: .delay(seconds: random.next(in: 1..<3))
        case 10: .secondCoordinator
        case 11: .raceCoordinators(secondFirst: random.next(below: 2) == 0)
        case 12: .hostileWorker
        case 13: .hangingWorker
        case 14: .block(seconds: random.next(in: 1..<5))
        default: .fillDisk(seconds: random.next(in: 0.5..<3))
        }
    }
}

extension Philox {
    fileprivate mutating func next(in range: Range<Double>) -> Double {
        range.lowerBound + Double(nextUnit()) * (range.upperBound - range.lowerBound)
    }
}
