import Glibc
import Synchronization

/// Waiting that ends when somebody wants the program to end: then nothing is left behind.
package enum Patience {
    private static let isOver = Atomic(false)

    /// From now on every wait throws.
    package static func end() { isOver.store(true, ordering: .relaxed) }

    /// - Throws: `ChaosError` as soon as `end` was called.
    static func sleep(seconds: Double) throws { _ = try wait(seconds: seconds) { false } }

    /// Looks again and again whether something has become true.
    /// - Returns: whether it has, in time.
    static func wait(seconds: Double, for condition: () throws -> Bool) throws -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            if isOver.load(ordering: .relaxed) { throw ChaosError("interrupted") }
            if try condition() { return true }
            let left = (end - ContinuousClock.now) / .microseconds(1)
            guard left > 0 else { return false }
            usleep(UInt32(min(left, 10_000)))
        }
    }
}

/// What ends a storm: a broken promise, or something that this machine does not have.
package struct ChaosError: Error, CustomStringConvertible {
    package let description: String

    /// - Parameter description: what is wrong, in a line.
    package init(_ description: String) { self.description = description }

    /// - Parameter action: what could not be done; the system's reason follows.
    static func system(_ action: String) -> ChaosError {
        ChaosError("\(action): \(String(cString: strerror(errno)))")
    }
}
