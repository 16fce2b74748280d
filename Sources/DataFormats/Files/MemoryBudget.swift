import Glibc
import Synchronization

/// Why work was not begun: it takes more memory than there is for it.
package struct MemoryShortage: Error, Hashable, Sendable {
    /// In bytes, like `available`.
    package let needed: Int
    package let available: Int

    package init(needed: Int, available: Int) { (self.needed, self.available) = (needed, available) }
}

/// The memory that a process has for its tasks or steps: each says what it takes before it takes it. So what does not fit
/// is refused with both sizes, where an allocation that fails would end the process.
///
/// What is kept in caches may be given up for a task: it counts as free.
package final class MemoryBudget: Sendable {
    private struct State {
        var reserved = 0
        var tasks = 0
        /// For tasks and caches together; measured again whenever no task has any.
        var capacity: Int?
    }

    /// After a task of so many bytes, what is free is given back.
    private static let largeTask = 64 << 20

    private let limitBytes: Int?
    private let state = Mutex(State())

    /// - Parameter limitBytes: what the whole process may have, where that is less than the machine, its control group
    ///   and the process' own limits leave.
    package init(limitBytes: Int? = nil) {
        // Before anything large is there: the program itself.
        self.limitBytes = limitBytes.map { max($0 - AvailableMemory.used, 0) }
    }

    /// What a single task could have.
    /// - Parameter cached: bytes in caches.
    package func capacity(cached: Int = 0) -> Int { state.withLock { capacity(&$0, cached: cached) } }

    private func capacity(_ state: inout State, cached: Int) -> Int {
        if state.tasks == 0 || state.capacity == nil {
            let left = AvailableMemory.left + cached
            state.capacity = min(left, limitBytes ?? left)
        }
        return state.capacity ?? 0
    }

    /// What caches may keep beside the tasks at hand.
    package var leftForCaches: Int {
        state.withLock { state in state.capacity.map { max($0 - state.reserved, 0) } ?? .max }
    }

    /// Does `body`, which takes `bytes`, once they are there: while others have them it waits.
    /// - Parameters:
    ///   - cached: bytes in caches now.
    ///   - shrinkCaches: is called where they are in the way.
    ///   - whileWaiting: is called again and again; what it throws ends the waiting.
    /// - Throws: `MemoryShortage` whenever there can never be so much.
    package func withMemory<Result>(
        _ bytes: Int, cached: () -> Int = { 0 }, shrinkCaches: (_ bytes: Int) -> Void = { _ in },
        whileWaiting: () throws -> Void = {}, _ body: () throws -> Result
    ) throws -> Result {
        while let shortage = reserve(bytes, cached: cached()) {
            guard shortage.isPassing else { throw MemoryShortage(needed: bytes, available: shortage.available) }
            try whileWaiting()
            usleep(20_000)
        }
        defer {
            if bytes >= Self.largeTask { AvailableMemory.giveBackFree() }
            state.withLock { state in
                state.reserved -= bytes
                state.tasks -= 1
            }
        }
        let room = leftForCaches
        if cached() > room { shrinkCaches(room) }
        return try body()
    }

    /// - Returns: nil where they are reserved.
    private func reserve(_ bytes: Int, cached: Int) -> (available: Int, isPassing: Bool)? {
        state.withLock { state in
            let available = capacity(&state, cached: cached)
            guard state.reserved + bytes > available else {
                state.reserved += bytes
                state.tasks += 1
                return nil
            }
            return (available, bytes <= available)
        }
    }
}
