import Coordination
import DataFormats
import FoundationEssentials
import Logging
import RunProtocol
import RunStore

/// What waits until somebody mends something.
struct Pauses {
    /// Why nothing can be written at all; nil where it can.
    var reason: String?
    /// What was decided, from the first fact on that could not be written down.
    var decisions: [Decision] = []
    var steps: [Coordinator.PendingStep] = []
    /// What is damaged, and how its files looked then.
    var damage: [RunID: [DamagedBlob: FileStamp?]] = [:]
    /// How often a pause began or ended: people who wait for news get them.
    var count = 0
    /// How many seconds pass until it looks again: more and more, as long as nothing can be written.
    var patience = 0
    var looks = 0
}

/// The coordinator goes on living where its disk is full or failing, or a file was changed: it says so, and looks again.
extension Coordinator {
    /// How many bytes must find room before it goes on: a disk that is full to the last page would only be full again.
    private static let roomBytes = 4 << 20
    private static let longestPatience = 30

    package func uploadFailed(because reason: String) {
        stopWriting(StoreError(reason))
    }

    func pause(because reason: String) {
        // Workers that try again say the same once more.
        guard pauses.reason == nil else { return }
        logger.error("paused: \(reason)")
        note("everything is paused", because: reason, about: nil)
        pauses.reason = reason
        pauses.count += 1
        pauses.patience = min(2 * pauses.patience + 1, Self.longestPatience)
        pauses.looks = 0
        // Who waits for tasks hears of it, and who watches.
        waiting.sendAway()
        changed.ring()
    }

    func pause(_ run: RunID, because damage: [DamagedBlob]) {
        for blob in damage { pauses.damage[run, default: [:]][blob] = FileStamp(blob.path) }
        pauses.count += 1
        carryOut(cluster.damageFound(in: run, damage.map(\.description).joined(separator: "; ")))
        changed.ring()
    }

    /// Once a second: goes on with what can go on.
    func lookAfterPauses() async {
        for (run, damage) in pauses.damage { await look(at: damage, of: run) }
        guard pauses.reason != nil else { return }
        pauses.looks += 1
        guard pauses.looks >= pauses.patience, store.blobs.hasRoom(bytes: Self.roomBytes) else { return }
        pauses.reason = nil
        pauses.count += 1
        let decisions = pauses.decisions
        pauses.decisions = []
        carryOut(decisions)
        guard pauses.reason == nil else { return }
        logger.info("it goes on: the disk takes files again")
        note("everything goes on", because: "the disk takes files again", about: nil)
        resumeSteps()
        changed.ring()
    }

    /// Reads the blobs again whose files have changed.
    private func look(at damage: [DamagedBlob: FileStamp?], of run: RunID) async {
        let blobs = store.blobs
        let changed = damage.filter { FileStamp($0.key.path) != $0.value }
        let isMended = cluster.run(run)?.phase.isFinal ?? true
        guard !changed.isEmpty || isMended else { return }
        for blob in changed.keys {
            let stamp = FileStamp(blob.path)
            do {
                try await onThreadOfItsOwn { try blobs.verify(blob.digest) }
                pauses.damage[run]?[blob] = nil
            } catch is DamagedBlob {
                pauses.damage[run]?[blob] = .some(stamp)
            } catch {
                // Not looked at: it is tried again.
            }
        }
        guard isMended || pauses.damage[run]?.isEmpty == true else { return }
        pauses.damage[run] = nil
        pauses.count += 1
        carryOut(cluster.damageMended(in: run))
        resumeSteps()
        self.changed.ring()
    }

    private func resumeSteps() {
        let waiting = pauses.steps
        pauses.steps = waiting.filter { pauses.damage[$0.run] != nil }
        for pending in waiting where pauses.damage[pending.run] == nil { stepContinuation.yield(pending) }
    }

    /// A worker could not use what it got for a task.
    ///
    /// - Returns: whether the coordinator's own copy is to blame; then the run is paused.
    func findsDamage(of task: TaskDescription) async -> Bool {
        let blobs = store.blobs
        let found = try? await onThreadOfItsOwn {
            try task.work.inputs.compactMap { input in
                do {
                    try blobs.verify(input)
                    return DamagedBlob?.none
                } catch let damage as DamagedBlob {
                    return damage
                }
            }
        }
        guard let damage = found, !damage.isEmpty else { return false }
        pause(task.id.run, because: damage)
        return true
    }
}

extension StoreError {
    init(_ error: DataError) {
        self.init(
            error.code == .storageFull
                ? "the coordinator's disk is full; make room: nothing is lost" : "the coordinator's \(error)")
    }
}
