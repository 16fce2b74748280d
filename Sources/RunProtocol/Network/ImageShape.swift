/// A picture's numbers lie (height, width, channels): all channels of a place beside each other.
package struct ImageShape: Codable, Hashable, Sendable, CustomStringConvertible {
    package var height: Int
    package var width: Int
    package var channels: Int

    package init(height: Int, width: Int, channels: Int) {
        (self.height, self.width, self.channels) = (height, width, channels)
    }

    package var count: Int { height * width * channels }
    package var shape: [Int] { [height, width, channels] }
    package var isWithinLimits: Bool { shape.allSatisfy { (1...Limits.imageSide).contains($0) } }
    package var description: String { "\(height) x \(width) x \(channels)" }
}
