package import RunProtocol

/// Which blobs there are for which run, and which of them may be deleted.
///
/// A blob is deleted only after the fact is on the disk that makes it needless, and while no step is being performed: a
/// step may have found a blob that it needs in its place.
package struct BlobLedger: Sendable {
    /// What each run needed when that was last looked at.
    private var needed: [RunID: Set<Digest>] = [:]
    /// Answers and weights that came up since then.
    private var new: [RunID: Set<Digest>] = [:]
    /// What some run needs no more; others may need it.
    private var garbage: Set<Digest> = []

    package init() {}

    /// A run is taken up, and all that it needs is there.
    package mutating func runTakenUp(_ run: RunState) {
        needed[run.id] = run.neededBlobs
    }

    /// Blobs that are there now, whether or not a fact will ever name them.
    package mutating func blobsAppeared(_ blobs: some Sequence<Digest>, for run: RunID) {
        new[run, default: []].formUnion(blobs)
    }

    /// A fact is on the disk after which the run may need less.
    package mutating func needsEnded(of run: RunState) {
        garbage.formUnion(needed[run.id] ?? [])
        garbage.formUnion(new[run.id] ?? [])
        needed[run.id] = run.neededBlobs
        new[run.id] = nil
    }

    /// - Returns: what to delete now.
    package mutating func sweep(runs: [RunState]) -> Set<Digest> {
        defer { garbage = [] }
        return garbage.isEmpty ? [] : runs.reduce(into: garbage) { $0.subtract($1.neededBlobs) }
    }

    /// All that is on the disk for a run.
    package func blobs(of run: RunState) -> Set<Digest> {
        run.neededBlobs.union(new[run.id] ?? [])
    }
}
