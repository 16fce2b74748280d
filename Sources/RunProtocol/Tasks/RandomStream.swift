/// Streams of a task's seed: each random use has its own.
package enum RandomStream {
    /// The order of samples in epoch `epoch`.
    package static func order(epoch: Int) -> UInt64 { 1 << 32 | UInt64(epoch) }
    package static let corruption: UInt64 = 2 << 32
    /// Dropout of the input of layer `layer`.
    package static func dropout(layer: Int) -> UInt64 { 3 << 32 | UInt64(layer) }
    package static let inputNoise: UInt64 = 4 << 32
    /// Which labeled examples are set aside.
    package static let validation: UInt64 = 5 << 32
    /// The order in which labeled examples are dealt beside pseudo-labels, the `pass`-th time.
    package static func deal(pass: Int) -> UInt64 { 6 << 32 | UInt64(pass) }
    /// How the images of step 0's batch are moved; step s has stream `shift` + s.
    package static let shift: UInt64 = 7 << 32
}
