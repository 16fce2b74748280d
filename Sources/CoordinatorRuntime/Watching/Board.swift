import RunProtocol

/// What those who watch were told, each part with the number of its last change: a watcher says how many it has seen, and
/// hears what came after. So a coordinator remembers nothing of any watcher.
struct Board {
    /// Another one for each process of the coordinator, which counts anew.
    let epoch = UInt32.random(in: 1...UInt32.max)
    /// Their progress in whole percents.
    private(set) var runs = Shown<RunID, RunStatus>()
    /// The same as they are.
    private(set) var shown: [RunID: RunStatus] = [:]
    /// Here `secondsSinceHeard` only says whether that is news.
    var workers = Shown<WorkerID, WorkerStatus>()
    var pause = Shown<Int, String>()
    var results = Shown<RunID, Int>()
    var networks = Shown<RunID, NetworkDrawing?>()
    /// All workers as they were when they were last looked at.
    var crew: [WorkerStatus] = []
    /// When it was last compared with what there is.
    var lookedAt: ContinuousClock.Instant?

    mutating func show(_ run: RunStatus, _ lastChange: inout Int) {
        shown[run.id] = run
        runs.update(run.id, run.rounded, &lastChange)
    }
}

/// Values as those who watch were last told of them, each with the number of the change that made it so.
struct Shown<Key: Hashable, Value: Equatable> {
    private var known: [Key: (value: Value, change: Int)] = [:]

    /// Takes the value as it is now.
    /// - Parameter lastChange: the number of changes so far: one more where the value is another one.
    mutating func update(_ key: Key, _ value: Value, _ lastChange: inout Int) {
        if let shown = known[key], shown.value == value { return }
        lastChange += 1
        known[key] = (value, lastChange)
    }

    func isNew(_ key: Key, after number: Int) -> Bool { known[key].map { $0.change > number } ?? false }

    subscript(key: Key) -> Value? { known[key]?.value }

    mutating func keepOnly(_ keys: Set<Key>) {
        guard known.count > keys.count else { return }
        known = known.filter { keys.contains($0.key) }
    }
}
