import CJPEG
import PrintableText

/// Photographs, through libjpeg-turbo.
enum JPEG {
    static func isJPEG(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.starts(with: [0xFF, 0xD8, 0xFF]) }

    /// Grey stays grey and colour becomes RGB. The exact inverse transform is used: the same pixels on every processor.
    ///
    /// Stray bytes are passed over, with a remark, as other readers do; an image of which a part is missing is refused.
    static func decode(_ bytes: [UInt8], path: String) throws(DataError) -> Image {
        guard let decoder = tjInitDecompress() else { throw malformed("no decoder", path) }
        defer { tjDestroy(decoder) }
        var (width, height, subsampling, colorSpace): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
        let size = UInt(bytes.count)
        guard tjDecompressHeader3(decoder, bytes, size, &width, &height, &subsampling, &colorSpace) == 0 else {
            throw malformed(message(decoder), path)
        }
        guard colorSpace != TJCS_CMYK.rawValue, colorSpace != TJCS_YCCK.rawValue else {
            throw DataError(.unsupportedType, at: path, "its colours are CMYK", hint: "save it as RGB")
        }
        let channels = colorSpace == TJCS_GRAY.rawValue ? 1 : 3
        try Image.check(width: Int(width), height: Int(height), channels: channels, path: path)
        let format = Int32(bitPattern: UInt32((channels == 1 ? TJPF_GRAY : TJPF_RGB).rawValue))
        let flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS
        var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * channels)
        let outline = Outline(bytes)
        var warning: String?
        if tjDecompress2(decoder, bytes, size, &pixels, width, 0, height, format, flags) != 0 {
            let text = message(decoder)
            guard tjGetErrorCode(decoder) == TJERR_WARNING.rawValue else { throw malformed(text, path) }
            // What is missing would be grey; the library says so only of the first thing that it stumbles over.
            guard outline.hasEnd, !text.lowercased().contains("premature end") else {
                throw malformed("it ends too early (\(text))", path)
            }
            warning = text
        }
        return Image(
            width: Int(width), height: Int(height), channels: channels, pixels: .uint8(pixels), remark: warning
        ).upright(outline.orientation)
    }

    private static func message(_ decoder: tjhandle) -> String {
        tjGetErrorStr2(decoder).map { String(cString: $0) } ?? "no reason given"
    }

    private static func malformed(_ message: String, _ path: String) -> DataError {
        DataError(
            .malformedImage, at: path, "the JPEG cannot be decoded: \(message.printable())",
            hint: "fetch the file again, or leave it out")
    }

    /// What the segments of a JPEG say.
    private struct Outline {
        private(set) var orientation = 1
        /// Whether the mark of its end follows the pixels.
        private(set) var hasEnd = false

        init(_ bytes: [UInt8]) {
            var place = 2
            while place + 4 <= bytes.count {
                guard bytes[place] == 0xFF, ![0, 0xFF].contains(bytes[place + 1]) else {
                    place += 1
                    continue
                }
                let (marker, length) = (bytes[place + 1], Int(bytes[place + 2]) << 8 | Int(bytes[place + 3]))
                let contents = bytes[(place + 4)...].prefix(max(0, length - 2))
                if marker == 0xE1, contents.starts(with: Array("Exif\0\0".utf8)), orientation == 1 {
                    orientation = EXIF(contents.dropFirst(6)).orientation
                }
                if marker == 0xDA { break }
                place += marker == 0xD8 || (0xD0...0xD7).contains(marker) ? 2 : 2 + max(2, length)
            }
            // Among a scan's bytes 255 is followed by 0.
            while place + 1 < bytes.count, !hasEnd {
                hasEnd = bytes[place] == 0xFF && bytes[place + 1] == 0xD9
                place += 1
            }
        }
    }
}
