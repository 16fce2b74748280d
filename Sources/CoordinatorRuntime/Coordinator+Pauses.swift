import Coordination
import DataFormats
import FoundationEssentials
import Logging
import RunProtocol
import RunStore

/// The coordinator goes on living where its disk is full or failing, or a file was changed: it says so, and looks again.
extension Coordinator {
    /// How many bytes must find room before it goes on: a disk that is full to the last page would only be full again.
    private static let roomBytes = 4 << 20

    package func uploadFailed(because reason: String) { stopWriting(StoreError(reason)) }

    func pause(because reason: String, in decision: Decision?) {
        // Workers that try again say the same once more.
        guard storage.writeFailed(because: reason, in: decision) else { return }
        logger.error("paused: \(reason)")
        note(.everythingPaused, because: reason, about: nil)
        // Who waits for tasks hears of it, and who watches.
        waiting.sendAway()
        changed.ring()
    }

    func pause(_ run: RunID, because damage: [DamagedBlob]) {
        for blob in damage { entries[run]?.damage[blob] = .some(FileStamp(blob.path)) }
        storage.damageFound(in: run)
        carryOut(cluster.damageFound(in: run, damage.map(\.description).joined(separator: "; ")))
        changed.ring()
    }

    /// Once a second: goes on with what can go on.
    func lookAfterPauses() async {
        for (run, entry) in entries where !entry.damage.isEmpty { await look(at: entry.damage, of: run) }
        guard storage.secondPassed(), store.blobs.hasRoom(bytes: Self.roomBytes) else { return }
        storage.storageMended()
        carryOut([])
    }

    func tellResumed() {
        logger.info("it goes on: the disk takes files again")
        note(.everythingResumed, because: "the disk takes files again", about: nil)
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
                entries[run]?.damage[blob] = nil
            } catch is DamagedBlob {
                entries[run]?.damage[blob] = .some(stamp)
            } catch {
                // Not looked at: it is tried again.
            }
        }
        guard isMended || entries[run]?.damage.isEmpty == true else { return }
        entries[run]?.damage = [:]
        storage.damageMended(in: run)
        carryOut(cluster.damageMended(in: run))
        self.changed.ring()
    }

    /// A worker could not use what it got for a task.
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
