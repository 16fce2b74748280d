import Coordination
import FoundationEssentials
import Logging
package import RunProtocol
import RunStore

/// Blobs that no run needs: what a step left behind that came to nothing, or a file that could not be deleted in its time.
extension Coordinator {
    /// Younger ones may be on their way into a run.
    static let garbageSeconds = 3_600.0

    package func garbage(olderThan seconds: Double) async throws -> Garbage {
        let blobs = store.blobs
        let all = try await onThreadOfItsOwn { blobs.all() }
        let (now, known) = (Date().timeIntervalSince1970, knownBlobs)
        let found = all.filter { !known.contains($0.digest) && now - $0.time >= seconds }
            .map { Garbage.Blob(digest: $0.digest, bytes: $0.bytes, secondsOld: max(0, now - $0.time)) }
            .sorted { ($1.bytes, $0.digest.hex) < ($0.bytes, $1.digest.hex) }
        return Garbage(
            blobs: Array(found.prefix(Limits.listedBlobs)), count: found.count,
            bytes: found.reduce(0) { $0 + $1.bytes },
            neededBytes: all.reduce(0) { $0 + (known.contains($1.digest) ? $1.bytes : 0) })
    }

    package func deleteGarbage(olderThan seconds: Double) async throws -> Garbage {
        try checkWorking()
        guard !isPerforming else {
            throw APIError(
                .conflict, "data are being cut or averaged just now, whose blobs have no name yet",
                hint: "try again in a moment")
        }
        var garbage = try await garbage(olderThan: seconds)
        guard !isPerforming else { return Garbage(blobs: [], count: 0, bytes: 0, neededBytes: garbage.neededBytes) }
        // A run may have begun to need one meanwhile.
        garbage.blobs.removeAll { knownBlobs.contains($0.digest) }
        let deleted = store.blobs.delete(Set(garbage.blobs.map(\.digest)))
        garbage.blobs.removeAll { !deleted.contains($0.digest) }
        garbage.count = garbage.blobs.count
        garbage.bytes = garbage.blobs.reduce(0) { $0 + $1.bytes }
        if garbage.count > 0 {
            logger.info("deleted \(garbage.count) blobs, \(garbage.bytes) bytes, that no run needs")
        }
        return garbage
    }

    /// What is on the disk for a run, in bytes.
    func diskBytes(of run: RunState) -> Int { ledger.blobs(of: run).reduce(0) { $0 + bytes(of: $1) } }

    private func bytes(of blob: Digest) -> Int {
        if let known = blobSizes[blob] { return known }
        let bytes = store.blobs.size(of: blob)
        blobSizes[blob] = bytes
        return bytes ?? 0
    }

    private var knownBlobs: Set<Digest> { cluster.runs.reduce(into: []) { $0.formUnion(ledger.blobs(of: $1)) } }
}
