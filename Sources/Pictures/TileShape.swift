package import RunProtocol

/// How the numbers of one sample, or of one filter, lie on a tile.
package struct TileShape: Hashable, Sendable {
    package let height: Int
    package let width: Int
    /// Of the tile: 1 for grey, 3 for RGB.
    package let channels: Int
    /// Of the sample.
    private let sampleChannels: Int

    /// A picture: RGB where it has three channels; else grey, the mean of its channels.
    package init(_ image: ImageShape) {
        (height, width, sampleChannels) = (image.height, image.width, image.channels)
        channels = image.channels == 3 ? 3 : 1
    }

    /// `count` numbers that are no picture: row after row on a tile that is about as high as wide.
    package init(count: Int) {
        precondition(count > 0, "there is nothing on the tile")
        width = Int(Double(count).squareRoot().rounded(.up))
        height = (count + width - 1) / width
        (channels, sampleChannels) = (1, 1)
    }

    /// - Parameter image: nil for `count` numbers that are no picture.
    package init(image: ImageShape?, count: Int) { self = image.map { TileShape($0) } ?? TileShape(count: count) }

    /// What the tile has at a place.
    /// - Parameter numbers: the sample's, channels last.
    /// - Returns: nil behind the last number of a sample that is no picture.
    func number(_ numbers: [Float], y: Int, x: Int, channel: Int) -> Float? {
        let first = (y * width + x) * sampleChannels
        guard first < numbers.count else { return nil }
        guard channels != sampleChannels else { return numbers[first + channel] }
        return numbers[first..<first + sampleChannels].reduce(0, +) / Float(sampleChannels)
    }
}

/// Which numbers are black and which white; what lies between is grey, what lies beyond is cut off.
package struct Shade: Hashable, Sendable {
    private let black: Float
    private let white: Float

    /// - Parameters:
    ///   - black: below `white`; where both are equal all is mid-grey.
    ///   - white: of an RGB picture the brightest of a channel.
    package init(black: Float, white: Float) { (self.black, self.white) = (black, white) }

    /// 0 is black, 1 white.
    package static let plain = Shade(black: 0, white: 1)

    /// 0 is mid-grey, the largest magnitude of `numbers` black or white.
    package init(around numbers: [Float]) {
        let largest = numbers.reduce(0) { max($0, $1.magnitude) }
        self.init(black: -largest, white: largest)
    }

    /// Plain where all of `numbers` lie in 0 ... 1; else from the lowest of them to the highest.
    package init(of numbers: [Float]) {
        let (lowest, highest) = numbers.reduce((Float.infinity, -Float.infinity)) { (min($0.0, $1), max($0.1, $1)) }
        self = lowest >= 0 && highest <= 1 ? .plain : Shade(black: lowest, white: highest)
    }

    /// The pixel that `number` becomes.
    package func byte(_ number: Float) -> UInt8 {
        let share = white > black ? (number - black) / (white - black) : 0.5
        return UInt8(max(0, min(1, share)) * 255)
    }
}
