import Coordination
import FoundationEssentials
package import RunProtocol

/// What those who watch are told: what has changed since they were told last.
extension Coordinator {
    /// A worker that is only heard again is news that seldom.
    private static let heardSeconds = 5.0

    package func live(
        of run: RunID?, after cursor: LiveCursor?, waitSeconds: Double
    ) async throws -> LiveUpdate {
        if let run, entries[run] == nil { throw unknown(run) }
        let deadline = Self.deadline(waitSeconds)
        while true {
            let rings = changed.rings
            let (update, isNews) = try update(of: run, after: cursor)
            guard !isNews, .now < deadline, mayWait else { return update }
            // Not everything that changes rings.
            await changed.wait(after: rings, until: min(deadline, .now + .seconds(1)))
        }
    }

    func nextChange() -> Int {
        lastChange += 1
        return lastChange
    }

    package func planText(of run: RunID) throws -> String {
        guard let text = entries[run]?.planText else { throw unknown(run) }
        guard !text.isEmpty else {
            throw APIError(
                .notFound, "the plan of \(run) was not kept as text", hint: "`cairn status \(run)` has figures")
        }
        return text
    }

    package func reasonToPause() -> String? { storage.reason }

    private func update(of run: RunID?, after cursor: LiveCursor?) throws -> (LiveUpdate, isNews: Bool) {
        try look()
        let known = cursor.flatMap { seenChange(of: $0) }
        let seen = known ?? 0
        var update = LiveUpdate(
            cursor: LiveCursor(epoch: board.epoch, change: lastChange), isWhole: known == nil,
            time: Date().timeIntervalSince1970,
            coordinator: CoordinatorStatus(
                version: version, startedAt: startedAt, pause: storage.reason, needsToken: reach?.needsToken ?? false,
                addresses: reach?.addresses ?? []))
        update.runs = cluster.runs.filter { board.runs.isNew($0.id, after: seen) }.compactMap { board.shown[$0.id] }
        update.workers = board.crew.filter { board.workers.isNew($0.worker, after: seen) }
        // A client that is told everything knows of no worker that is gone.
        let forgotten = known == nil ? [] : crew.forgotten(after: seen)
        update.forgotten = forgotten.isEmpty ? nil : forgotten
        update.run = try run.map { try changes(of: $0, after: seen) }
        return (update, update.isWhole || update.hasNews || board.pause.isNew(0, after: seen))
    }

    /// - Returns: nil where another process counted, or too much has been forgotten since.
    private func seenChange(of cursor: LiveCursor) -> Int? {
        guard cursor.epoch == board.epoch, (crew.forgottenBefore...lastChange).contains(cursor.change) else {
            return nil
        }
        return cursor.change
    }

    private func changes(of run: RunID, after seen: Int) throws -> RunChanges {
        guard let entry = entries[run] else { throw unknown(run) }
        let timeline = timeline(of: run)
        var changes = RunChanges(
            id: run, rounds: entry.history.rounds(after: seen), spans: timeline.spans(after: seen),
            entries: entry.journal.entries(afterChange: seen), pictures: picturesKey(of: entry.written))
        if seen == 0 {
            changes.starts = starts.filter { $0 >= entry.history.submittedAt }
            changes.spansSince = spansSince(run, timeline)
        }
        if seen == 0 || board.networks.isNew(run, after: seen) {
            changes.network = board.networks[run] ?? nil
            changes.outputs = entry.history.stages.compactMap(\.outputs)
            changes.views = entry.written.compiled?.views
        }
        if board.results.isNew(run, after: seen) {
            let status = try status(of: run)
            changes.results = status.results
            changes.classNames = status.classNames
        }
        return changes
    }

    /// Compares what there is with what was told, at most four times a second however many watch.
    private func look() throws {
        if let last = board.lookedAt, .now - last < .milliseconds(250) { return }
        board.lookedAt = .now
        for run in cluster.runs.map(\.id) {
            // What has ended changes no more.
            if board.shown[run]?.state.isFinal == true { continue }
            let status = try status(of: run)
            board.show(status.brief, &lastChange)
            board.results.update(run, status.results.count, &lastChange)
            if board.networks[run] == nil, let compiled = entries[run]?.written.compiled {
                let network = compiled.network.map { NetworkDrawing($0, of: compiled.stages) }
                board.networks.update(run, network, &lastChange)
            }
        }
        board.crew = workerStatuses()
        let clock = Double(now.milliseconds) / 1000
        for worker in board.crew {
            var shown = worker
            shown.secondsSinceHeard = ((clock - worker.secondsSinceHeard) / Self.heardSeconds).rounded(.down)
            board.workers.update(worker.worker, shown, &lastChange)
        }
        board.workers.keepOnly(Set(board.crew.map(\.worker)))
        board.pause.update(0, storage.reason ?? "", &lastChange)
    }
}

extension LiveUpdate {
    fileprivate var hasNews: Bool {
        !runs.isEmpty || !workers.isEmpty || forgotten != nil || run?.hasNews == true
    }
}

extension RunChanges {
    fileprivate var hasNews: Bool {
        network != nil || views != nil || !rounds.isEmpty || !spans.isEmpty || !entries.isEmpty || results != nil
    }
}

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
