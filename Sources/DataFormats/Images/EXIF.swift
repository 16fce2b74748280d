/// What a camera notes of how it was held: the one entry of an EXIF block (CIPA DC-008, a TIFF directory) that pixels depend
/// on.
struct EXIF {
    /// How an image is turned to stand upright, 1 to 8; 1 leaves it.
    let orientation: Int

    /// - Parameter tiff: the block from its byte order on; of one that is damaged the orientation is 1.
    init(_ tiff: ArraySlice<UInt8>) { orientation = Self.orientation(tiff) ?? 1 }

    private static let mostEntries = 1_000

    private static func orientation(_ tiff: ArraySlice<UInt8>) -> Int? {
        let isLittle = tiff.starts(with: [0x49, 0x49, 0x2A, 0])
        guard isLittle || tiff.starts(with: [0x4D, 0x4D, 0, 0x2A]) else { return nil }
        func number(_ place: Int, _ bytes: Int) -> Int? {
            guard place >= 0, place <= tiff.count - bytes else { return nil }
            let part = tiff[(tiff.startIndex + place)...].prefix(bytes)
            return (isLittle ? Array(part.reversed()) : Array(part)).reduce(0) { $0 << 8 | Int($1) }
        }
        guard let directory = number(4, 4), let count = number(directory, 2) else { return nil }
        for entry in 0..<min(count, mostEntries) {
            let place = directory + 2 + entry * 12
            guard let tag = number(place, 2), let type = number(place + 2, 2), let value = number(place + 8, 2) else {
                return nil
            }
            // A short, which stands at the beginning of its four bytes.
            if tag == 0x0112, type == 3 { return (1...8).contains(value) ? value : nil }
        }
        return nil
    }
}

extension Image {
    /// The image turned and mirrored as its orientation says (EXIF's numbers 1 to 8).
    func upright(_ orientation: Int) -> Image {
        guard (2...8).contains(orientation) else { return self }
        let (w, h) = (width, height)
        let isTransposed = orientation >= 5
        let source: (_ y: Int, _ x: Int) -> Int =
            switch orientation {
            case 2: { y, x in y * w + w - 1 - x }
            case 3: { y, x in (h - 1 - y) * w + w - 1 - x }
            case 4: { y, x in (h - 1 - y) * w + x }
            case 5: { y, x in x * w + y }
            case 6: { y, x in (h - 1 - x) * w + y }
            case 7: { y, x in (h - 1 - x) * w + w - 1 - y }
            default: { y, x in x * w + w - 1 - y }
            }
        let (newWidth, newHeight) = isTransposed ? (h, w) : (w, h)
        func turned<Value>(_ values: [Value]) -> [Value] {
            var out: [Value] = []
            out.reserveCapacity(values.count)
            for y in 0..<newHeight {
                for x in 0..<newWidth {
                    let start = source(y, x) * channels
                    for channel in 0..<channels { out.append(values[start + channel]) }
                }
            }
            return out
        }
        let numbers: SampleTable.Numbers =
            switch pixels {
            case .uint8(let values): .uint8(turned(values))
            case .float32(let values): .float32(turned(values))
            }
        return Image(width: newWidth, height: newHeight, channels: channels, pixels: numbers, remark: remark)
    }
}
