import Synchronization
package import Training

/// Samples and codes in memory, by what they were made from; the least recently used go when there is no room.
///
/// Codes of the frozen layers are the same in every round of a stage: they are computed once. Two slots that want the
/// same at once wait for one computation.
package final class SampleCache: Sendable {
    fileprivate enum Entry {
        case ready(Samples, lastUse: Int)
        /// Somebody makes it.
        case coming
    }

    fileprivate struct State {
        var entries: [String: Entry] = [:]
        var uses = 0
    }

    private let state = Mutex(State())
    private let limitBytes: Int

    package init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    /// - Parameter make: is called where `key` is not there; what it throws is thrown to its caller alone.
    package func samples(_ key: String, make: () throws -> Samples) throws -> Samples {
        while true {
            switch claim(key) {
            case .ready(let samples, _): return samples
            case .coming: Pause.briefly()
            case nil:
                do {
                    let samples = try make()
                    keep(samples, key)
                    return samples
                } catch {
                    state.withLock { $0.entries[key] = nil }
                    throw error
                }
            }
        }
    }

    /// - Returns: nil where the caller has to make it.
    private func claim(_ key: String) -> Entry? {
        state.withLock { state in
            state.uses += 1
            guard let entry = state.entries[key] else {
                state.entries[key] = .coming
                return nil
            }
            if case .ready(let samples, _) = entry { state.entries[key] = .ready(samples, lastUse: state.uses) }
            return entry
        }
    }

    private func keep(_ samples: Samples, _ key: String) {
        state.withLock { state in
            state.uses += 1
            state.entries[key] = .ready(samples, lastUse: state.uses)
            while state.bytes > limitBytes, let oldest = state.oldest, oldest != key { state.entries[oldest] = nil }
        }
    }
}

extension SampleCache.State {
    fileprivate var ready: [(key: String, samples: Samples, lastUse: Int)] {
        entries.compactMap { key, entry in
            guard case .ready(let samples, let lastUse) = entry else { return nil }
            return (key, samples, lastUse)
        }
    }

    fileprivate var bytes: Int { ready.reduce(0) { $0 + $1.samples.byteCount } }
    fileprivate var oldest: String? { ready.min { $0.lastUse < $1.lastUse }?.key }
}

extension Samples {
    /// The memory that the numbers take.
    fileprivate var byteCount: Int {
        switch numbers {
        case .uint8(let values): values.count
        case .float32(let values): values.count * 4
        }
    }
}
