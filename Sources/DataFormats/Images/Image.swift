/// A decoded image: grey or RGB, row by row, as it is stored: no colour profile or gamma changes a number.
package struct Image: Equatable, Sendable {
    package let width: Int
    package let height: Int
    /// 1 for grey, 3 for red, green, blue.
    package let channels: Int
    /// `height * width * channels` numbers: bytes, or 0 to 65535 of an image with 16 bits a channel.
    package let pixels: SampleTable.Numbers
    /// What was passed over while it was decoded.
    package private(set) var remark: String?

    /// What lies behind an image where it is transparent.
    package enum Background: String, Codable, Hashable, Sendable, CaseIterable { case white, black }

    package static let largestSide = 1 << 14
    /// How many numbers an image may have.
    package static let largestSize = 1 << 24
    /// How many bytes its file may have.
    package static let largestFile = 1 << 26

    /// One sample's shape: grey images have no dimension for channels.
    package var shape: [Int] { channels == 1 ? [height, width] : [height, width, channels] }

    /// How many bits a channel has.
    package var bits: Int { pixels.type == .uint8 ? 8 : 16 }
}

extension Image {
    /// Decodes a PNG or JPEG; which of them it is shows in its first bytes. It stands upright, as its EXIF orientation says.
    /// - Throws: `.unknownFormat`, `.tooLarge` before anything is decoded, `.unsupportedType`, or `.malformedImage`.
    package init(decoding bytes: [UInt8], path: String, background: Background = .white) throws(DataError) {
        if PNG.isPNG(bytes[...]) {
            self = try PNG.decode(bytes, path: path, background: background)
        } else if JPEG.isJPEG(bytes[...]) {
            self = try JPEG.decode(bytes, path: path)
        } else {
            throw DataError(
                .unknownFormat, at: path, bytes.isEmpty ? "it is empty" : "this is neither PNG nor JPEG",
                hint: "keep only images in the folder")
        }
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
