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
    /// How many results a run has.
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
