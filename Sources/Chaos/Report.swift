import FoundationEssentials
package import RunProtocol

/// What came of a storm.
package struct Report: Codable, Sendable {
    /// A process killed with `kill -9`.
    package struct Kill: Hashable, Sendable {
        var isCoordinator: Bool
        /// Seconds since 1970, as the coordinator gives its facts' times.
        var time: Double

        /// - Parameter time: seconds since 1970.
        package init(isCoordinator: Bool, time: Double) {
            (self.isCoordinator, self.time) = (isCoordinator, time)
        }
    }

    /// A run and the facts that the coordinator wrote down.
    package struct Told: Sendable {
        var run: RunStatus
        var facts: [RunJournal.Entry]

        package init(run: RunStatus, facts: [RunJournal.Entry]) { (self.run, self.facts) = (run, facts) }
    }

    /// Kills in the midst of a run, which ended with the right bits.
    package var workerKills = 0
    package var coordinatorKills = 0
    /// All that went wrong on purpose, by its kind.
    package var faults: [String: Int] = [:]
    package var runs = 0
    package var tasks = 0
    /// Tasks that were given out more than once, and how often in all.
    package var tasksBegunAgain = 0
    package var timesBegunAgain = 0
    /// Answers that came when the task had been answered.
    package var superfluousAnswers = 0
    /// Answers of honest workers that the coordinator could not use: none may be.
    package var refusedAnswers = 0
    /// Workers whose answers are never usable, and how many of them were quarantined.
    package var hostileWorkers = 0
    package var quarantined = 0
    /// Seconds of a run on the same cluster without faults, and of all runs with faults beyond that.
    package var undisturbedSeconds = 0.0
    package var lostSeconds = 0.0
    /// Seconds from each kill of the coordinator to the next update that it accepted, in ascending order.
    package var recoverySeconds: [Double] = []
    /// SHA-256 of the exports, the same in one process, on the undisturbed cluster, and after every run under fire.
    package var sha256: [String: Digest] = [:]

    /// - Parameters:
    ///   - told: of the runs under fire, all of which have ended.
    ///   - logs: of coordinator and workers, in full.
    ///   - hostile: names of workers whose answers cannot be used.
    package init(
        _ told: [Told], kills: [Kill], faults: [Fault], undisturbedSeconds: Double, coordinatorLog: String,
        workerLogs: [String], hostile: Set<WorkerID> = []
    ) {
        self.undisturbedSeconds = undisturbedSeconds
        runs = told.count
        for kill in kills {
            guard let hit = told.first(where: { $0.run.lasted(at: kill.time) }) else { continue }
            guard kill.isCoordinator else {
                workerKills += 1
                continue
            }
            coordinatorKills += 1
            let next = hit.facts.first { $0.time > kill.time && $0.answeredTask != nil }
            if let next { recoverySeconds.append(next.time - kill.time) }
        }
        recoverySeconds.sort()
        for fault in faults { self.faults[fault.kind, default: 0] += 1 }
        let names = Set(told.map(\.run.id))
        tasks = told.reduce(0) { $0 + $1.facts.count { $0.answeredTask != nil } }
        refusedAnswers = told.reduce(0) { count, told in
            count + told.facts.count { fact in fact.refusedWorker.map { !hostile.contains($0) } ?? false }
        }
        let given = Self.given(coordinatorLog).filter { names.contains($0.key.run) }
        tasksBegunAgain = given.count { $0.value > 1 }
        timesBegunAgain = given.reduce(0) { $0 + $1.value - 1 }
        superfluousAnswers = workerLogs.reduce(0) { count, log in
            count + log.split(separator: "\n").count { $0.contains(" duplicate after ") || $0.contains(" late after ") }
        }
        lostSeconds = told.reduce(0) { $0 + $1.run.seconds } - undisturbedSeconds * Double(runs)
        for export in told.first?.run.exports ?? [] { sha256[export.part.rawValue] = export.digest }
    }

    /// How often each task was given to a worker: in the coordinator's log stands `... debug WORKER has TASK: REASON`.
    private static func given(_ log: String) -> [TaskID: Int] {
        log.split(separator: "\n").reduce(into: [:]) { given, line in
            let words = line.split(separator: " ", maxSplits: 5)
            guard words.count > 4, words[1] == "debug", words[3] == "has",
                let task = TaskID(String(words[4].dropLast()))
            else { return }
            given[task, default: 0] += 1
        }
    }

    package var medianRecoverySeconds: Double { recoverySeconds.isEmpty ? 0 : recoverySeconds.median }

    /// As people read it.
    package var table: String {
        var rows = [
            ("kill -9 survived", "\(workerKills) of workers, \(coordinatorKills) of the coordinator"),
            ("runs, all with the same bits", "\(runs)"),
            ("tasks", "\(tasks)"),
            ("  begun again", "\(tasksBegunAgain), \(timesBegunAgain) times in all"),
            ("  answered twice", "\(superfluousAnswers)"),
            ("hostile workers", "\(hostileWorkers), \(quarantined) quarantined"),
            ("a run undisturbed", "\(undisturbedSeconds.formatted()) s"),
            (
                "lost",
                "\(lostSeconds.formatted()) s in all, \((lostSeconds / Double(max(runs, 1))).formatted()) s a run"
            ),
            (
                "coordinator's kill to next update",
                "median \(medianRecoverySeconds.formatted()) s, at most \((recoverySeconds.last ?? 0).formatted()) s"
            ),
        ]
        rows += faults.sorted { $0.key < $1.key }.map { ("fault: \($0.key)", "\($0.value)") }
        rows += sha256.sorted { $0.key < $1.key }.map { ("SHA-256, \($0.key)", "\($0.value)") }
        return rows.map { $0.padding(to: 35) + $1 }.joined(separator: "\n")
    }
}

extension RunStatus {
    var seconds: Double { elapsed(at: submittedAt) }
    func lasted(at time: Double) -> Bool { submittedAt <= time && time <= finishedAt ?? submittedAt }
}

extension RunJournal.Entry {
    /// The task, where this is the fact that one was answered.
    fileprivate var answeredTask: TaskID? { text.hasSuffix(" done") ? TaskID(String(text.dropLast(5))) : nil }

    /// The worker, where this is the fact that an answer was refused.
    fileprivate var refusedWorker: WorkerID? {
        guard text.hasSuffix(" refused"), let name = text.split(separator: "'").first else { return nil }
        return WorkerID(rawValue: String(name))
    }
}

extension [Double] {
    /// Of an even number the mean of both in the middle.
    var median: Double {
        let sorted = sorted()
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
}

extension Double {
    /// With one digit after the point.
    func formatted() -> String {
        let tenths = Int((magnitude * 10).rounded())
        return "\(self < 0 && tenths > 0 ? "-" : "")\(tenths / 10).\(tenths % 10)"
    }
}

extension String {
    func padding(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(1, width - count)) }
}
