package import RunProtocol

extension RunState {
    /// The blobs without which the run could not go on, or its results not be had and looked at: all others may be deleted.
    package var neededBlobs: Set<Digest> {
        var needed = Set(exports.map(\.digest) + stageWeights.values)
        if phase == .finished { needed.formUnion(compiled?.unseenBlobs ?? []) }
        guard !phase.isFinal else { return needed }
        needed.formUnion(manifest?.blobs ?? [])
        needed.formUnion([opening?.frozen, weights, momentum].compactMap { $0 })
        needed.formUnion(opening?.weights ?? [])
        needed.formUnion(completions.values.map(\.update) + collected.values.joined().map(\.update))
        needed.formUnion(witnesses.values.joined().map(\.completion.update))
        // Early stopping may go back to the weights of any round before.
        if case .average(_, _?) = current?.reduction { needed.formUnion(measurements.map(\.weights)) }
        return needed
    }
}
