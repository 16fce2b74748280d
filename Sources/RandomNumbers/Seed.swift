/// Seeds derived from seeds: the same words always give the same seed, and different words unrelated ones.
package enum Seed {
    /// A 64-bit seed for `words` below `root`.
    ///
    /// ```swift
    /// let taskSeed = Seed.derive(from: plan.seed, stage, round, replica)
    /// ```
    package static func derive(from root: UInt64, _ words: UInt64...) -> UInt64 {
        words.enumerated().reduce(root) { seed, word in
            let block = Philox.block(key: seed, stream: word.element, counter: UInt64(word.offset))
            return UInt64(block[0]) << 32 | UInt64(block[1])
        }
    }
}
