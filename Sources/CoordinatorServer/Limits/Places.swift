import RunProtocol
import Synchronization

/// Bytes that all messages which are being received may take together.
///
/// A message finds room while there is eight times as much: so there always is for short ones, however many long ones come.
package final class MessageMemory: Sendable {
    private static let share = 8

    private let limit: Int
    private let taken = Mutex(0)

    package init(limit: Int) { self.limit = limit }
    package var reservedBytes: Int { taken.withLock { $0 } }

    /// - Returns: room that is given back as soon as nobody holds it; nil where there is none.
    package func reserve(_ bytes: Int) -> Place? {
        let fits = taken.withLock { taken in
            guard bytes <= (limit - taken) / Self.share else { return false }
            taken += bytes
            return true
        }
        return fits ? Place { [self] in taken.withLock { $0 -= bytes } } : nil
    }
}

/// Counts those who follow what happens: each costs an answer twice a second for as long as it stays.
package final class Watchers: Sendable {
    /// How many there may be at once.
    package static let limit = 256

    private let places = Mutex(0)

    package init() {}
    package var count: Int { places.withLock { $0 } }

    /// - Returns: a place that is free again as soon as nobody holds it.
    /// - Throws: `.tooManyRequests` whenever there is none.
    package func enter() throws -> Place {
        try places.withLock { taken in
            guard taken < Self.limit else {
                throw APIError(
                    .tooManyRequests, "\(taken) watch already, and there is no room for more",
                    hint: "close a page that nobody looks at")
            }
            taken += 1
        }
        return Place { [self] in places.withLock { $0 -= 1 } }
    }
}

/// What somebody has of something that there is little of: it is given back as soon as nobody holds it.
package final class Place: Sendable {
    private let giveBack: @Sendable () -> Void

    fileprivate init(_ giveBack: @escaping @Sendable () -> Void) { self.giveBack = giveBack }

    deinit { giveBack() }
}
