/// A slot gives a task back unfinished. `POST /v1/tasks/TASK/release`
package struct TaskRelease: Hashable, Sendable {
    /// What went wrong.
    package enum Reason: Hashable, Sendable {
        /// The task, the worker or its host may be to blame: this text says what happened.
        case failed(String)
        /// A number of the result grew out of range.
        case diverged(Divergence)
        /// The task takes more memory than the worker has for it, both in bytes.
        case needsMemory(needed: Int, available: Int)
        /// A blob that the task needs did not arrive as its digest says: the coordinator looks at its own copy.
        case damagedInput
    }

    package var claim: TaskClaim
    /// Nil where the worker has given the task up: it stops, or was told to.
    package var reason: Reason?

    package init(_ claim: TaskClaim, _ reason: Reason? = nil) { (self.claim, self.reason) = (claim, reason) }
}

extension TaskRelease: Codable {
    private enum Key: String, CodingKey { case worker, token, failure, divergence, memory, damagedInput }

    private struct Memory: Codable {
        var needed: Int
        var available: Int
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        claim = TaskClaim(
            worker: try container.decode(WorkerID.self, forKey: .worker),
            token: try container.decode(LeaseToken.self, forKey: .token))
        let reasons: [Reason] = [
            try container.decodeIfPresent(String.self, forKey: .failure).map { .failed($0) },
            try container.decodeIfPresent(Divergence.self, forKey: .divergence).map { .diverged($0) },
            try container.decodeIfPresent(Memory.self, forKey: .memory).map {
                .needsMemory(needed: $0.needed, available: $0.available)
            },
            try container.decodeIfPresent(Bool.self, forKey: .damagedInput) == true ? .damagedInput : nil,
        ].compactMap(\.self)
        guard reasons.count <= 1 else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: container.codingPath, debugDescription: "a task is given back for one reason"))
        }
        reason = reasons.first
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(claim.worker, forKey: .worker)
        try container.encode(claim.token, forKey: .token)
        switch reason {
        case nil: break
        case .failed(let text): try container.encode(text, forKey: .failure)
        case .diverged(let divergence): try container.encode(divergence, forKey: .divergence)
        case .needsMemory(let needed, let available):
            try container.encode(Memory(needed: needed, available: available), forKey: .memory)
        case .damagedInput: try container.encode(true, forKey: .damagedInput)
        }
    }
}

/// A number that follows from a task grew out of the range in which results count: training has diverged.
package struct Divergence: Codable, Hashable, Sendable {
    /// Which number: `the loss`, `the change of encoder.0.weight`.
    package var what: String
    /// As text, since it need not be finite.
    package var value: String
    /// The feature of the task's samples whose numbers are the largest, from 0, and how large they get.
    package var feature: Int?
    package var magnitude: Double?

    package init(what: String, value: String, feature: Int? = nil, magnitude: Double? = nil) {
        (self.what, self.value, self.feature, self.magnitude) = (what, value, feature, magnitude)
    }
}

extension Int {
    /// Bytes for people: `3.5 GB`, `200 MB`.
    package var asMemory: String {
        let bytes = Swift.min(Swift.max(self, 0), Limits.memoryBytes)
        guard bytes >= 1_000_000_000 else { return "\((bytes + 999_999) / 1_000_000) MB" }
        let tenths = (bytes + 50_000_000) / 100_000_000
        return "\(tenths / 10).\(tenths % 10) GB"
    }
}
