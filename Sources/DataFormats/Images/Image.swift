/// A decoded picture: 8-bit grey or RGB, row by row.
package struct Image: Hashable, Sendable {
    package let width: Int
    package let height: Int
    /// 1 for grey, 3 for red, green, blue.
    package let channels: Int
    /// `height * width * channels` numbers.
    package let pixels: [UInt8]

    package static let largestSide = 1 << 14
    /// How many numbers a picture may have.
    package static let largestSize = 1 << 24
    /// How many bytes its file may have.
    package static let largestFile = 1 << 26

    /// One sample's shape: grey pictures have no dimension for channels.
    package var shape: [Int] { channels == 1 ? [height, width] : [height, width, channels] }

    /// Decodes a PNG or JPEG; which of them it is shows in its first bytes.
    ///
    /// - Throws: `.unknownFormat`, `.tooLarge` before anything is decoded, `.unsupportedType`, or `.malformedImage`.
    package init(decoding bytes: [UInt8], path: String) throws(DataError) {
        if PNG.isPNG(bytes[...]) {
            self = try PNG.decode(bytes, path: path)
        } else if JPEG.isJPEG(bytes[...]) {
            self = try JPEG.decode(bytes, path: path)
        } else {
            throw DataError(
                .unknownFormat, at: path, "this is neither PNG nor JPEG", hint: "keep only pictures in the folder")
        }
    }

    init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// What must hold before memory is taken for the pixels.
    static func check(width: Int, height: Int, channels: Int, path: String) throws(DataError) {
        guard (1...largestSide).contains(width), (1...largestSide).contains(height),
            width * height * channels <= largestSize
        else {
            throw DataError(
                .tooLarge, at: path,
                "it is \(width) pixels wide and \(height) high; at most \(largestSide) each, and \(largestSize) numbers"
                    + " together, can be read", hint: "make it smaller")
        }
    }
}
