import CPNG
package import FoundationEssentials
import PrintableText

/// Pictures without loss, through libpng.
package enum PNG {
    static func isPNG(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    }

    /// Grey stays grey and colour becomes RGB, 8 bits each; what is transparent is laid on black.
    static func decode(_ bytes: [UInt8], path: String) throws(DataError) -> Image {
        try needed(bytes, path).withUnsafeBufferPointer { bytes throws(DataError) in
            try decode(UnsafeRawBufferPointer(bytes), path)
        }
    }

    /// libpng looks at the bytes again when it reads the pixels.
    private static func decode(_ bytes: UnsafeRawBufferPointer, _ path: String) throws(DataError) -> Image {
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        defer { png_image_free(&image) }
        guard png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0 else {
            throw malformed(image, path)
        }
        let channels = image.format & png_uint_32(PNG_FORMAT_FLAG_COLOR) == 0 ? 1 : 3
        let (width, height) = (Int(image.width), Int(image.height))
        try Image.check(width: width, height: height, channels: channels, path: path)
        image.format = format(channels)
        image.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
        var pixels = [UInt8](repeating: 0, count: width * height * channels)
        let isRead = pixels.withUnsafeMutableBytes {
            png_image_finish_read(&image, nil, $0.baseAddress, png_int_32(width * channels), nil)
        }
        // A warning, such as a wrong checksum of something that is not needed, does not spoil the pixels.
        guard isRead != 0 else { throw malformed(image, path) }
        return Image(width: width, height: height, channels: channels, pixels: pixels)
    }

    /// What pixels depend on, beside the chunks that no picture can do without.
    private static let neededChunks: Set<[UInt8]> = Set(
        ["tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "sBIT", "bKGD"].map { Array($0.utf8) })

    /// A picture without the chunks that it can do without: libpng sets memory aside for what each of them claims to have,
    /// or is unpacked to, before it looks for that.
    ///
    /// - Throws: `.malformedImage` whenever a chunk claims more bytes than follow.
    private static func needed(_ bytes: [UInt8], _ path: String) throws(DataError) -> [UInt8] {
        let (end, letters) = (Array("IEND".utf8), UInt8(ascii: "a")...UInt8(ascii: "z"))
        var (needed, place, name) = (Array(bytes.prefix(8)), 8, [UInt8]())
        while bytes.count - place >= 8, name != end {
            let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - place - 8 else { throw malformed("a part of it is missing", path) }
            name = Array(bytes[place + 4..<place + 8])
            let chunk = bytes[place..<min(place + 12 + length, bytes.count)]
            // A small letter at its beginning says that decoders may pass it over.
            if !letters.contains(name[0]) || neededChunks.contains(name) { needed += chunk }
            place = chunk.endIndex
        }
        return needed
    }

    /// Encodes 8-bit pixels, row by row.
    ///
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
