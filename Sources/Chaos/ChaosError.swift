import Glibc

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
