import CJPEG
import PrintableText

/// Photographs, through libjpeg-turbo.
enum JPEG {
    static func isJPEG(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.starts(with: [0xFF, 0xD8, 0xFF]) }

    /// Grey stays grey and colour becomes RGB. The exact inverse transform is used: the same pixels on every processor.
    static func decode(_ bytes: [UInt8], path: String) throws(DataError) -> Image {
        guard let decoder = tjInitDecompress() else { throw malformed(nil, path) }
        defer { tjDestroy(decoder) }
        var (width, height, subsampling, colorSpace): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
        let size = UInt(bytes.count)
        guard tjDecompressHeader3(decoder, bytes, size, &width, &height, &subsampling, &colorSpace) == 0 else {
            throw malformed(decoder, path)
        }
        guard colorSpace != TJCS_CMYK.rawValue, colorSpace != TJCS_YCCK.rawValue else {
            throw DataError(.unsupportedType, at: path, "its colours are CMYK", hint: "save it as RGB")
        }
        let channels = colorSpace == TJCS_GRAY.rawValue ? 1 : 3
        try Image.check(width: Int(width), height: Int(height), channels: channels, path: path)
        let format = Int32(bitPattern: UInt32((channels == 1 ? TJPF_GRAY : TJPF_RGB).rawValue))
        // A picture that ends early is only a warning to the library.
        let flags = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS
        var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * channels)
        guard tjDecompress2(decoder, bytes, size, &pixels, width, 0, height, format, flags) == 0 else {
            throw malformed(decoder, path)
        }
        return Image(width: Int(width), height: Int(height), channels: channels, pixels: pixels)
    }

    private static func malformed(_ decoder: tjhandle?, _ path: String) -> DataError {
        let message = tjGetErrorStr2(decoder).map { String(cString: $0) } ?? "no decoder"
        return DataError(
            .malformedImage, at: path, "the JPEG cannot be decoded: \(message.printable())",
            hint: "fetch the file again, or leave it out")
    }
}
