package import RunProtocol

/// Workers as rows, those in trouble first.
package struct WorkerTable {
    /// Below this share of the median a worker is slow.
    private static let slow = 0.5

    private static let columns = [
        Table.Column(title: "host", least: 8, rank: 0),
        Table.Column(title: "worker", rank: 12),
        Table.Column(title: "state", rank: 1),
        Table.Column(title: "slots", isRight: true, rank: 11),
        Table.Column(title: "tasks", isRight: true, rank: 7),
        Table.Column(title: "samples/s", isRight: true, rank: 3),
        Table.Column(title: "GFLOP/s", isRight: true, rank: 8),
        Table.Column(title: "median", isRight: true, rank: 5),
        Table.Column(title: "done", isRight: true, rank: 6),
        Table.Column(title: "refused", isRight: true, rank: 2),
        Table.Column(title: "failed", isRight: true, rank: 2),
        Table.Column(title: "lost", isRight: true, rank: 2),
        Table.Column(title: "heard", isRight: true, rank: 4),
        Table.Column(title: "instructions", rank: 10),
        Table.Column(title: "why", least: 12, rank: 9),
    ]

    private let workers: [WorkerStatus]
    /// Of the speed of those that are there, in 10^9 operations a second.
    private let median: Double?

    package init(_ workers: [WorkerStatus]) {
        let speeds = workers.filter { $0.state != .lost }.compactMap(\.record.gigaflops).filter { $0 > 0 }.sorted()
        let median = speeds.isEmpty ? nil : speeds[speeds.count / 2]
        self.median = median
        self.workers = workers.sorted { first, second in
            let (one, other) = (Self.trouble(first, median), Self.trouble(second, median))
            guard one == other else { return one > other }
            let (left, right) = (first.registration, second.registration)
            return (left.host, left.processID, first.worker.rawValue)
                < (right.host, right.processID, second.worker.rawValue)
        }
    }

    /// At most `height` lines: the titles, as many workers as there is room for, how many more there are; none where that
    /// is no room for anything.
    package func lines(width: Int, height: Int) -> [Line] {
        guard !workers.isEmpty, height >= 3 else { return [] }
        let shown = workers.count < height ? workers.count : height - 2
        let table = Table(columns: Self.columns, rows: workers.prefix(shown).map(cells)).lines(width: width)
        guard shown < workers.count else { return table }
        return table + [Line("and \(Figure.count(workers.count - shown, "more worker"))", .faint).cut(to: width)]
    }

    private func cells(_ worker: WorkerStatus) -> [Line] {
        let (registration, record) = (worker.registration, worker.record)
        let share = Self.share(worker, of: median)
        func count(_ number: Int, _ style: Style) -> Line {
            Line(Figure.number(Double(number)), number > 0 ? style : .faint)
        }
        return [
            Line(registration.host.displayable(), .strong), Line(worker.worker.rawValue.displayable()),
            Line(worker.state.rawValue, worker.state.style), Line("\(registration.slots)"),
            Line("\(worker.tasks.count)"), Line(record.samplesPerSecond.map(Figure.rate) ?? ""),
            Line(record.gigaflops.map(Figure.rate) ?? ""),
            Line(share.map(Figure.percent) ?? "", share ?? 1 < Self.slow ? .warning : .plain),
            count(record.tasksDone, .plain), count(record.tasksRefused, .bad), count(record.tasksFailed, .bad),
            count(record.tasksLost, .warning),
            Line(Figure.age(worker.secondsSinceHeard)),
            Line(registration.instructionSet.displayable(atMost: 20)),
            Line((worker.quarantine ?? worker.trouble)?.displayable(atMost: 200) ?? "", .bad),
        ]
    }

    private static func share(_ worker: WorkerStatus, of median: Double?) -> Double? {
        guard let median, let speed = worker.record.gigaflops else { return nil }
        return speed / median
    }

    /// The higher the worse: gets no tasks, is gone, did something wrong, is slow.
    private static func trouble(_ worker: WorkerStatus, _ median: Double?) -> Int {
        let record = worker.record
        return switch worker.state {
        case .quarantined: 5
        case .stalled: 4
        case .silent, .lost: 3
        case .left: 0
        case _ where worker.trouble != nil: 2
        case _ where record.tasksRefused > 0 || record.tasksFailed > 0 || record.tasksLost > 0: 2
        case _ where share(worker, of: median) ?? 1 < slow: 1
        default: 0
        }
    }
}

extension WorkerStatus.State {
    var style: Style {
        switch self {
        case .working: .good
        case .idle: .plain
        case .quarantined, .stalled: .bad
        case .silent, .lost: .warning
        case .left: .faint
        }
    }
}
