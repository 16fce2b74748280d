import RunProtocol
import Synchronization

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
        return Place(self)
    }

    /// One of those who watch.
    package final class Place: Sendable {
        private let watchers: Watchers

        fileprivate init(_ watchers: Watchers) { self.watchers = watchers }

        deinit { watchers.places.withLock { $0 -= 1 } }
    }
}
