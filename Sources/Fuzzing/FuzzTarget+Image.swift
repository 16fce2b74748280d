import DataFormats
import FoundationEssentials

extension FuzzTarget {
    /// Larger pictures are not written and read again.
    private static let copiedNumbers = 1 << 16

    static func readImage(_ bytes: UnsafeRawBufferPointer) throws {
        guard let image = try accepted({ try Image(decoding: Array(bytes), path: "x") }) else { return }
        try promise(image.pixels.count == image.shape.reduce(1, *), "its pixels are not those of its shape")
        guard image.pixels.count <= copiedNumbers else { return }
        guard case .uint8(let pixels) = image.pixels else { return }
        let png = PNG.encode(width: image.width, height: image.height, channels: image.channels, pixels: pixels)
        try promise(try Image(decoding: Array(png), path: "x").pixels == image.pixels, "it is another as PNG")
    }
}
