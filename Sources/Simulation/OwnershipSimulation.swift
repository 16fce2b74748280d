import Coordination
import RandomNumbers

/// Coordinators on several hosts that want one state folder, step by step in an order that comes from a seed. Their rules
/// are `Ownership`'s; what is simulated is the folder, the database, and coordinators that crash or stand still.
package struct OwnershipSimulation {
    /// A promise that was broken.
    package struct Violation: Error, Hashable, Sendable, CustomStringConvertible {
        package var description: String
    }

    /// What happened, so that a test can tell that something did.
    package struct Report: Hashable, Sendable {
        package var takeOvers = 0
        package var commits = 0
        package var refusals = 0
        /// What a superseded owner did that had looked just before.
        package var late = 0
        /// Commits of a superseded owner that the database refused.
        package var refusedCommits = 0

        package init() {}

        package mutating func add(_ other: Report) {
            takeOvers += other.takeOvers
            commits += other.commits
            refusals += other.refusals
            late += other.late
            refusedCommits += other.refusedCommits
        }
    }

    enum Place: Equatable {
        case stopped
        case watching(epoch: Int, heart: Int, looks: Int)
        case taking(Int)
        case looking(Int)
        case removing(Int)
        case raising(Int)
        case owning(Int)
        /// It has looked, and will do it at its next step.
        case doing(Int, Deed)
    }

    enum Deed { case commit, delete }

    struct Coordinator {
        let host: Int
        var place = Place.stopped
        /// Steps for which it stands still.
        var pause = 0
        /// Which start of a process this is.
        var life = 0
        /// Effects since its epoch was superseded.
        var late = 0
    }

    struct Taken {
        var coordinator: Int
        var life: Int
    }

    private static let looks = 6
    private static let steps = 400
    private static let calm = 300

    private var random: Philox
    private let locksWork: Bool
    private var coordinators: [Coordinator]
    /// The owners' files, who wrote them, their heartbeats.
    private var folder: [Int: Taken] = [:]
    private var hearts: [Int: Int] = [:]
    private var givenUp: Set<Int> = []
    private var databaseEpoch = 0
    /// What is true, whatever a coordinator sees: the highest epoch that was ever taken.
    private var truth = 0
    private var now = 0
    private var report = Report()

    /// - Parameter locksWork: whether the database's transactions exclude each other.
    package init(seed: UInt64, locksWork: Bool) {
        random = Philox(key: seed, stream: 2)
        self.locksWork = locksWork
        let hosts = 1 + random.next(below: 3)
        coordinators = (0..<3).map { Coordinator(host: $0 % hosts) }
    }

    /// - Throws: `Violation`.
    package mutating func play() throws(Violation) -> Report {
        while now < Self.steps {
            now += 1
            for index in shuffled() { try turn(index) }
        }
        guard coordinators.contains(where: \.place.isOwning)
        else { throw Violation(description: "nothing has owned the folder since the last crash") }
        return report
    }

    private mutating func shuffled() -> [Int] {
        let first = random.next(below: 3)
        let others = [(first + 1) % 3, (first + 2) % 3]
        return [first] + (random.next(below: 2) == 0 ? others : others.reversed())
    }

    private var isCalm: Bool { now >= Self.calm }

    private mutating func turn(_ index: Int) throws(Violation) {
        guard coordinators[index].pause == 0 else {
            return coordinators[index].pause = isCalm ? 0 : coordinators[index].pause - 1
        }
        guard isCalm || random.next(below: 40) > 0 else { return coordinators[index].place = .stopped }
        guard isCalm || random.next(below: 40) > 0
        else { return coordinators[index].pause = 1 + random.next(below: 30) }
        try step(index)
    }

    private mutating func step(_ index: Int) throws(Violation) {
        let highest = folder.keys.max() ?? 0
        switch coordinators[index].place {
        case .stopped: start(index, highest)
        case .watching(let epoch, let heart, let looks): watch(index, epoch, heart, looks, highest)
        case .taking(let epoch): try take(index, epoch)
        case .looking(let epoch): coordinators[index].place = highest == epoch ? .removing(epoch) : .stopped
        case .removing(let epoch):
            // One file a step: a crash or another's look may come between.
            if let old = folder.keys.filter({ $0 < epoch }).min() {
                folder[old] = nil
            } else {
                coordinators[index].place = .raising(epoch)
            }
        case .raising(let epoch):
            guard databaseEpoch < epoch || !locksWork else { return coordinators[index].place = .stopped }
            databaseEpoch = max(databaseEpoch, epoch)
            coordinators[index].place = .owning(epoch)
        case .owning(let epoch): own(index, epoch, highest)
        case .doing(let epoch, let deed): try perform(deed, index, epoch)
        }
    }

    private mutating func start(_ index: Int, _ highest: Int) {
        guard random.next(below: 3) == 0 else { return }
        coordinators[index].life += 1
        coordinators[index].late = 0
        decide(index, highest, heartMoved: nil)
    }

    private mutating func decide(_ index: Int, _ epoch: Int, heartMoved: Bool?) {
        let owner = folder[epoch]
        var isRunning: Bool?
        if let owner, coordinators[owner.coordinator].host == coordinators[index].host {
            let other = coordinators[owner.coordinator]
            isRunning = other.life == owner.life && other.place != .stopped && owner.coordinator != index
        }
        let seen = OwnerSighting(
            epoch: epoch, owner: nil, hasGivenUp: givenUp.contains(epoch), isRunning: isRunning, heartMoved: heartMoved)
        switch Ownership.decide(seen, takesOver: false) {
        case .take(let next): coordinators[index].place = .taking(next)
        case .watch: coordinators[index].place = .watching(epoch: epoch, heart: hearts[epoch] ?? 0, looks: 0)
        case .refuse:
            report.refusals += 1
            coordinators[index].place = .stopped
        }
    }

    private mutating func watch(_ index: Int, _ epoch: Int, _ heart: Int, _ looks: Int, _ highest: Int) {
        guard highest == epoch else { return coordinators[index].place = .stopped }
        if hearts[epoch] ?? 0 != heart { return decide(index, epoch, heartMoved: true) }
        guard looks < Self.looks else { return decide(index, epoch, heartMoved: false) }
        coordinators[index].place = .watching(epoch: epoch, heart: heart, looks: looks + 1)
    }

    private mutating func take(_ index: Int, _ epoch: Int) throws(Violation) {
        // A link succeeds once.
        guard folder[epoch] == nil else { return coordinators[index].place = .stopped }
        folder[epoch] = Taken(coordinator: index, life: coordinators[index].life)
        if epoch > truth {
            if truth > 0 { report.takeOvers += 1 }
            truth = epoch
        }
        coordinators[index].place = .looking(epoch)
    }

    private mutating func own(_ index: Int, _ epoch: Int, _ highest: Int) {
        guard Ownership.holds(epoch: epoch, highest: highest) else { return coordinators[index].place = .stopped }
        hearts[epoch, default: 0] += 1
        switch random.next(below: isCalm ? 3 : 30) {
        case 0: coordinators[index].place = .doing(epoch, .commit)
        case 1: coordinators[index].place = .doing(epoch, .delete)
        case 3:
            givenUp.insert(epoch)
            coordinators[index].place = .stopped
        default: break
        }
    }

    private mutating func perform(_ deed: Deed, _ index: Int, _ epoch: Int) throws(Violation) {
        coordinators[index].place = .owning(epoch)
        if deed == .commit, locksWork, databaseEpoch > epoch {
            report.refusedCommits += 1
            return coordinators[index].place = .stopped
        }
        if deed == .commit { report.commits += 1 }
        guard epoch < truth else { return }
        report.late += 1
        coordinators[index].late += 1
        guard coordinators[index].late == 1 else {
            throw Violation(description: "epoch \(epoch) went on after epoch \(truth) was taken")
        }
        if deed == .commit, locksWork, databaseEpoch > epoch {
            throw Violation(description: "epoch \(epoch) committed after the first commit of \(databaseEpoch)")
        }
    }
}

extension OwnershipSimulation.Place {
    fileprivate var isOwning: Bool {
        switch self {
        case .owning, .doing: true
        default: false
        }
    }
}
