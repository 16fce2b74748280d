/// What the beginning of a file of samples says of them.
package struct SampleHeader: Hashable, Sendable {
    package var count: Int
    /// One sample's, such as [28, 28].
    package var sampleShape: [Int]
    /// How many bytes a number takes once the samples are cut into shards.
    package var numberBytes: Int
    /// Whether `count` follows from the length of a text file's first lines.
    package var isEstimate: Bool

    package init(count: Int, sampleShape: [Int], numberBytes: Int, isEstimate: Bool = false) {
        (self.count, self.sampleShape, self.numberBytes) = (count, sampleShape, numberBytes)
        self.isEstimate = isEstimate
    }
}
