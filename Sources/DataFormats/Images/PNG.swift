import CPNG
package import FoundationEssentials
import PrintableText

/// Images without loss, through libpng.
package enum PNG {
    static func isPNG(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    }

    /// Grey stays grey, a palette of greys becomes grey, and all other colour RGB. Numbers stay as they are stored, with 8 or
    /// 16 bits: no gamma and no profile is applied.
    static func decode(_ bytes: [UInt8], path: String, background: Image.Background) throws(DataError) -> Image {
        let parts = try Parts(bytes, path)
        let image = try parts.needed.withUnsafeBufferPointer { bytes throws(DataError) in
            try decode(UnsafeRawBufferPointer(bytes), isGrey: parts.hasGreyPalette, background, path)
        }
        return image.upright(parts.orientation)
    }

    /// libpng looks at the bytes again when it reads the pixels.
    private static func decode(
        _ bytes: UnsafeRawBufferPointer, isGrey: Bool, _ background: Image.Background, _ path: String
    ) throws(DataError) -> Image {
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        defer { png_image_free(&image) }
        guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else {
            throw malformed(image, path)
        }
        let (width, height) = (Int(image.width), Int(image.height))
        let isColor = image.format & png_uint_32(PNG_FORMAT_FLAG_COLOR) != 0
        let hasAlpha = image.format & png_uint_32(PNG_FORMAT_FLAG_ALPHA) != 0
        let isWide = image.format & png_uint_32(PNG_FORMAT_FLAG_LINEAR) != 0
        let stored = (isColor ? 3 : 1) + (hasAlpha ? 1 : 0)
        let channels = isColor && !isGrey ? 3 : 1
        try Image.check(width: width, height: height, channels: stored, path: path)
        image.format =
            (isColor ? png_uint_32(PNG_FORMAT_FLAG_COLOR) : 0) | (hasAlpha ? png_uint_32(PNG_FORMAT_FLAG_ALPHA) : 0)
            | (isWide ? png_uint_32(PNG_FORMAT_FLAG_LINEAR) : 0)
        /// Reads all numbers, and takes away what is not wanted.
        func read<Value: FixedWidthInteger>(
            _ type: Value.Type, _ pixel: (ArraySlice<Value>) -> Void
        ) throws(DataError) {
            var numbers = [Value](repeating: 0, count: width * height * stored)
            let isRead = numbers.withUnsafeMutableBytes {
                png_image_finish_read(&image, nil, $0.baseAddress, png_int_32(width * stored), nil)
            }
            // A warning, such as a wrong checksum of something that is not needed, does not spoil the pixels.
            guard isRead != 0 else { throw malformed(image, path) }
            for start in stride(from: 0, to: numbers.count, by: stored) { pixel(numbers[start..<start + stored]) }
        }
        let size = width * height * channels
        guard isWide else {
            var pixels: [UInt8] = []
            pixels.reserveCapacity(size)
            let behind = background == .white ? 255 : 0
            try read(UInt8.self) { pixel in
                let opacity = hasAlpha ? Int(pixel[pixel.endIndex - 1]) : 255
                for value in pixel.prefix(channels) {
                    pixels.append(UInt8((Int(value) * opacity + behind * (255 - opacity) + 127) / 255))
                }
            }
            return Image(width: width, height: height, channels: channels, pixels: .uint8(pixels))
        }
        // libpng gives these multiplied by how opaque they are.
        var pixels: [Float] = []
        pixels.reserveCapacity(size)
        try read(UInt16.self) { pixel in
            let rest = hasAlpha && background == .white ? 65_535 - Int(pixel[pixel.endIndex - 1]) : 0
            for value in pixel.prefix(channels) { pixels.append(Float(min(65_535, Int(value) + rest))) }
        }
        return Image(width: width, height: height, channels: channels, pixels: .float32(pixels))
    }

    /// A PNG's chunks, as far as pixels depend on them.
    private struct Parts {
        /// The image without the chunks that it can do without: those that describe its colours would change its numbers,
        /// and libpng sets memory aside for what each claims to have, or is unpacked to, before it looks for that.
        let needed: [UInt8]
        private(set) var orientation = 1
        private(set) var hasGreyPalette = false

        /// - Throws: `.malformedImage` whenever a chunk claims more bytes than follow.
        init(_ bytes: [UInt8], _ path: String) throws(DataError) {
            let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
            var (needed, place, name) = (Array(bytes.prefix(8)), 8, "")
            while bytes.count - place >= 8, name != "IEND" {
                let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
                guard length <= bytes.count - place - 8 else { throw malformed("a part of it is missing", path) }
                name = String(decoding: bytes[place + 4..<place + 8], as: UTF8.self)
                let contents = bytes[place + 8..<place + 8 + length]
                let chunk = bytes[place..<min(place + 12 + length, bytes.count)]
                // A small letter at its beginning says that decoders may pass it over.
                if !letters.contains(bytes[place + 4]) || name == "tRNS" { needed += chunk }
                if name == "eXIf" { orientation = EXIF(contents).orientation }
                if name == "PLTE" {
                    // Other images may suggest a palette; theirs are not made of it.
                    let isPalette = bytes.count > 25 && bytes[25] == 3
                    let colors = Array(contents)
                    var isGrey = true
                    for place in stride(from: 0, to: colors.count - 2, by: 3) {
                        isGrey = isGrey && colors[place] == colors[place + 1] && colors[place] == colors[place + 2]
                    }
                    hasGreyPalette = isPalette && isGrey
                }
                place = chunk.endIndex
            }
            self.needed = needed
        }
    }

    /// Encodes 8-bit pixels, row by row.
    /// - Parameters:
    ///   - channels: 1 for grey, 3 for RGB.
    ///   - pixels: `height * width * channels` numbers.
    package static func encode(width: Int, height: Int, channels: Int, pixels: [UInt8]) -> Data {
        precondition(channels == 1 || channels == 3, "a picture has 1 or 3 channels, not \(channels)")
        precondition(width > 0 && height > 0 && pixels.count == width * height * channels, "the pixels are no picture")
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        (image.width, image.height) = (png_uint_32(width), png_uint_32(height))
        image.format = format(channels)
        defer { png_image_free(&image) }
        var size = 0
        return pixels.withUnsafeBytes { pixels in
            func write(to memory: UnsafeMutableRawPointer?) -> Bool {
                png_image_write_to_memory(
                    &image, memory, &size, 0, pixels.baseAddress, png_int_32(width * channels), nil) != 0
            }
            // Without memory, libpng says how much it needs.
            let isMeasured = write(to: nil)
            var data = Data(count: size)
            let isWritten = isMeasured && data.withUnsafeMutableBytes { write(to: $0.baseAddress) }
            precondition(isWritten, "libpng cannot encode a picture of \(width) x \(height)")
            return data.prefix(size)
        }
    }

    private static func format(_ channels: Int) -> png_uint_32 {
        channels == 1 ? png_uint_32(PNG_FORMAT_GRAY) : png_uint_32(PNG_FORMAT_RGB)
    }

    private static func malformed(_ image: png_image, _ path: String) -> DataError {
        malformed(
            withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }, path)
    }

    private static func malformed(_ message: String, _ path: String) -> DataError {
        DataError(
            .malformedImage, at: path, "the PNG cannot be decoded: \(message.printable())",
            hint: "fetch the file again, or leave it out")
    }
}
