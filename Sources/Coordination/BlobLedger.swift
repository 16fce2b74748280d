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

    /// A run is taken up where its facts end.
    package mutating func runTakenUp(_ run: RunState) { needed[run.id] = run.neededBlobs }

    /// What all runs needed when that was last looked at.
    package var neededBlobs: Set<Digest> { needed.values.reduce(into: []) { $0.formUnion($1) } }

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

    /// - Returns: what to delete now; `blobsDeleted` takes what has been.
    package mutating func sweep(runs: [RunState]) -> Set<Digest> {
        if !garbage.isEmpty { garbage = runs.reduce(into: garbage) { $0.subtract($1.neededBlobs) } }
        return garbage
    }

    /// What could not be deleted is swept again.
    package mutating func blobsDeleted(_ blobs: Set<Digest>) { garbage.subtract(blobs) }

    /// All that is on the disk for a run, and what is about to be deleted.
    package func blobs(of run: RunState) -> Set<Digest> {
        run.neededBlobs.union(needed[run.id] ?? []).union(new[run.id] ?? []).union(garbage)
    }
}

extension RunEvent {
    /// Whether blobs that were needed before may be needed no more.
    package var endsNeeds: Bool {
        switch self {
        case .roundClosed, .stageFinished, .finished, .failed, .cancelled: true
        default: false
        }
    }
}
