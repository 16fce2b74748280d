package import DataFormats
package import RunProtocol
import Synchronization
package import Training

/// Codes of the frozen layers, named by what they were made from. They are the same in every round of a stage, so they are
/// computed once: kept in memory up to a limit and, beyond it, in files.
///
/// Two slots that want the same at once wait for one computation.
package final class CodeCache: Sendable {
    fileprivate enum Entry {
        case ready(Samples, lastUse: Int)
        /// Somebody makes it, or brings it to the disk; so many bytes of memory are set aside for it.
        case coming(bytes: Int)
    }

    fileprivate struct State {
        var entries: [Digest: Entry] = [:]
        var uses = 0
    }

    private let state = Mutex(State())
    private let limitBytes: Int
    private let folder: CodeFolder?
    private let memory: MemoryBudget

    /// - Parameter folder: where what finds no room in memory goes; without one it is computed again each time.
    ///   - memory: tasks have it first.
    package init(limitBytes: Int, folder: CodeFolder?, memory: MemoryBudget = MemoryBudget()) {
        self.limitBytes = limitBytes
        self.memory = memory
        self.folder = folder
    }

    /// - Parameters:
    ///   - name: the same for the same codes only.
    ///   - make: is called where they are not there; hands over all of them, in their order, as bits of bfloat16. What it
    ///     throws is thrown to its caller alone.
    /// - Throws: `DataError` as well, `.storageFull` or `.unwritable`, whenever they belong on the disk and cannot be
    ///   written.
    package func codes(_ name: Digest, count: Int, size: Int, make: CodeMaker) throws -> Samples {
        while true {
            switch claim(name) {
            case .ready(let samples, _): return samples
            case .coming: Pause.briefly()
            case nil:
                defer { state.withLock { $0.giveUp(name) } }
                return try folder?.codes(name, count: count, size: size)
                    ?? self.make(name, count: count, size: size, make)
            }
        }
    }

    /// - Returns: nil where the caller has to make it.
    private func claim(_ name: Digest) -> Entry? {
        state.withLock { state in
            state.uses += 1
            guard let entry = state.entries[name] else {
                state.entries[name] = .coming(bytes: 0)
                return nil
            }
            if case .ready(let samples, _) = entry { state.entries[name] = .ready(samples, lastUse: state.uses) }
            return entry
        }
    }

    private func make(_ name: Digest, count: Int, size: Int, _ make: CodeMaker) throws -> Samples {
        let hasRoom = setAside(count * size * 2, for: name)
        if !hasRoom, let folder { return try folder.store(name, count: count, size: size, make) }
        var codes: [UInt16] = []
        codes.reserveCapacity(count * size)
        try make { codes += $0 }
        let samples = Samples(count: count, size: size, numbers: .bfloat16(codes), divisor: 1)
        if hasRoom { state.withLock { $0.entries[name] = .ready(samples, lastUse: $0.uses) } }
        return samples
    }

    /// Makes room in memory before it is taken: what was not used for the longest time goes to the disk.
    ///
    /// - Returns: false where there can be no room.
    private func setAside(_ bytes: Int, for name: Digest) -> Bool {
        let limit = min(limitBytes, memory.leftForCaches)
        guard bytes <= limit else { return false }
        makeRoom(bytes, within: limit, for: name)
        return state.withLock { $0.isSetAside(name) }
    }

    /// What it has in memory, in bytes.
    var bytes: Int { state.withLock(\.bytes) }

    /// Gives memory back until it has no more than `limit` bytes, or all that is left is being made.
    func shrink(to limit: Int) { makeRoom(0, within: limit, for: nil) }

    /// Brings to the disk what was not used for the longest time, until there is room for `bytes` more.
    ///
    /// - Parameter name: what the room is set aside for.
    private func makeRoom(_ bytes: Int, within limit: Int, for name: Digest?) {
        while true {
            let oldest: (name: Digest, samples: Samples)? = state.withLock { state in
                guard state.bytes + bytes > limit else {
                    if let name { state.entries[name] = .coming(bytes: bytes) }
                    return nil
                }
                guard let oldest = state.oldest else { return nil }
                state.entries[oldest.name] = .coming(bytes: oldest.samples.byteCount)
                return oldest
            }
            guard let oldest else { return }
            // Where this fails they are computed again.
            _ = try? folder?.store(oldest.name, oldest.samples)
            state.withLock { $0.giveUp(oldest.name) }
        }
    }
}

extension CodeCache.State {
    fileprivate var bytes: Int {
        entries.values.reduce(0) { sum, entry in
            switch entry {
            case .ready(let samples, _): sum + samples.byteCount
            case .coming(let bytes): sum + bytes
            }
        }
    }

    fileprivate var oldest: (name: Digest, samples: Samples)? {
        let ready = entries.compactMap { name, entry -> (name: Digest, samples: Samples, lastUse: Int)? in
            guard case .ready(let samples, let lastUse) = entry else { return nil }
            return (name, samples, lastUse)
        }
        return ready.min { $0.lastUse < $1.lastUse }.map { ($0.name, $0.samples) }
    }

    fileprivate func isSetAside(_ name: Digest) -> Bool {
        if case .coming(let bytes) = entries[name] { bytes > 0 } else { false }
    }

    fileprivate mutating func giveUp(_ name: Digest) {
        if case .coming = entries[name] { entries[name] = nil }
    }
}

extension Samples {
    /// The memory or the disk that the numbers take.
    var byteCount: Int { numbers.withUnsafeBytes { $1.count } }
}
