import DataFormats
import Foundation
import Testing

/// The numbers of an image are those that its file stores.
@Suite struct PixelTests {
    /// A PNG of stored numbers, uncompressed; `type` is 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha.
    static func png(
        width: Int, height: Int, bits: UInt8, type: UInt8, rows: [[UInt8]], chunks: [(String, [UInt8])] = []
    ) throws -> [UInt8] {
        func big(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } }
        func chunk(_ name: String, _ contents: [UInt8]) -> [UInt8] {
            let checked = Array(name.utf8) + contents
            var sum = UInt32.max
            for byte in checked {
                sum ^= UInt32(byte)
                for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
            }
            return big(contents.count) + checked + big(Int(~sum))
        }
        // zlib's stored block.
        let data: [UInt8] = rows.flatMap { (row: [UInt8]) -> [UInt8] in [0] + row }
        let length = [UInt8(data.count & 255), UInt8(data.count >> 8)]
        var (low, high) = (1, 0)
        for byte in data {
            low = (low + Int(byte)) % 65_521
            high = (high + low) % 65_521
        }
        let packed: [UInt8] = [0x78, 1, 1] + length + length.map { ~$0 } + data + big(high << 16 | low)
        let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        return signature
            + chunk("IHDR", big(width) + big(height) + [bits, type, 0, 0, 0])
            + chunks.flatMap { chunk($0.0, $0.1) } + chunk("IDAT", packed) + chunk("IEND", [])
    }

    @Test func sixteenBitsAreKept() throws {
        let values = (0..<4_096).map { UInt16($0 * 16 + $0 / 256) }
        let row = values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        // Neither gamma nor a claim of sRGB changes a number.
        let claims: [[(String, [UInt8])]] = [
            [], [("gAMA", [0, 1, 0x86, 0xA0])], [("sRGB", [0])], [("gAMA", [0, 0, 0xB1, 0x8F])],
        ]
        for chunks in claims {
            let bytes = try Self.png(width: 4_096, height: 1, bits: 16, type: 0, rows: [row], chunks: chunks)
            let image = try Image(decoding: bytes, path: "x")
            #expect(image.pixels == .float32(values.map { Float($0) }))
            #expect(image.bits == 16)
        }
    }

    @Test(arguments: [[], [("gAMA", [0, 1, 0x86, 0xA0])], [("sRGB", [0])]] as [[(String, [UInt8])]])
    func gammaChangesNothing(chunks: [(String, [UInt8])]) throws {
        let row = (0...255).map { UInt8($0) }
        let bytes = try Self.png(width: 256, height: 1, bits: 8, type: 0, rows: [row], chunks: chunks)
        #expect(try Image(decoding: bytes, path: "x").pixels == .uint8(row))
    }

    @Test func whatIsTransparentIsLaidOnWhiteUnlessToldOtherwise() throws {
        let grey = try Self.png(width: 3, height: 1, bits: 8, type: 4, rows: [[0, 255, 0, 0, 200, 128]])
        #expect(try Image(decoding: grey, path: "x").pixels == .uint8([0, 255, 227]))
        #expect(try Image(decoding: grey, path: "x", background: .black).pixels == .uint8([0, 0, 100]))
        let color = try Self.png(width: 2, height: 1, bits: 8, type: 6, rows: [[1, 2, 3, 255, 9, 9, 9, 0]])
        #expect(try Image(decoding: color, path: "x").pixels == .uint8([1, 2, 3, 255, 255, 255]))
        // One grey is transparent.
        let one = try Self.png(width: 2, height: 1, bits: 8, type: 0, rows: [[7, 8]], chunks: [("tRNS", [0, 7])])
        #expect(try Image(decoding: one, path: "x").pixels == .uint8([255, 8]))
        let wide = try Self.png(
            width: 3, height: 1, bits: 16, type: 4, rows: [[1, 2, 255, 255, 1, 2, 0, 0, 0, 0, 255, 255]])
        #expect(try Image(decoding: wide, path: "x").pixels == .float32([258, 65_535, 0]))
        #expect(try Image(decoding: wide, path: "x", background: .black).pixels == .float32([258, 0, 0]))
    }

    @Test func paletteOfGreysIsGrey() throws {
        let rows: [[UInt8]] = [[0, 1]]
        let grey = try Self.png(
            width: 2, height: 1, bits: 8, type: 3, rows: rows, chunks: [("PLTE", [9, 9, 9, 70, 70, 70])])
        #expect(try Image(decoding: grey, path: "x").pixels == .uint8([9, 70]))
        let color = try Self.png(
            width: 2, height: 1, bits: 8, type: 3, rows: rows, chunks: [("PLTE", [9, 9, 9, 70, 70, 71])])
        #expect(try Image(decoding: color, path: "x").pixels == .uint8([9, 9, 9, 70, 70, 71]))
        let clear = try Self.png(
            width: 2, height: 1, bits: 8, type: 3, rows: rows,
            chunks: [("PLTE", [9, 9, 9, 70, 70, 70]), ("tRNS", [0, 255])])
        #expect(try Image(decoding: clear, path: "x").pixels == .uint8([255, 70]))
    }

    // MARK: Orientation

    /// What each orientation makes of the image 1 2 3 / 4 5 6.
    private static let upright: [(orientation: UInt8, rows: [[UInt8]])] = [
        (1, [[1, 2, 3], [4, 5, 6]]), (2, [[3, 2, 1], [6, 5, 4]]), (3, [[6, 5, 4], [3, 2, 1]]),
        (4, [[4, 5, 6], [1, 2, 3]]), (5, [[1, 4], [2, 5], [3, 6]]), (6, [[4, 1], [5, 2], [6, 3]]),
        (7, [[6, 3], [5, 2], [4, 1]]), (8, [[3, 6], [2, 5], [1, 4]]), (9, [[1, 2, 3], [4, 5, 6]]),
    ]

    private static func exif(_ orientation: UInt8, isLittle: Bool) -> [UInt8] {
        isLittle
            ? [0x49, 0x49, 0x2A, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]
            : [0x4D, 0x4D, 0, 0x2A, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
    }

    @Test(arguments: upright, [false, true])
    func imagesStandUpright(expected: (orientation: UInt8, rows: [[UInt8]]), isLittle: Bool) throws {
        let block = Self.exif(expected.orientation, isLittle: isLittle)
        let png = try Self.png(
            width: 3, height: 2, bits: 8, type: 0, rows: [[1, 2, 3], [4, 5, 6]], chunks: [("eXIf", block)])
        let image = try Image(decoding: png, path: "x")
        #expect(image.shape == [expected.rows.count, expected.rows[0].count])
        #expect(image.pixels == .uint8(expected.rows.flatMap(\.self)))
        let (small, large) = ([UInt8](repeating: 20, count: 8), [UInt8](repeating: 200, count: 8))
        let plain = try Made.jpeg(width: 16, height: 1, channels: 1, pixels: small + large, quality: 100)
        let segment = Array("Exif\0\0".utf8) + block
        let jpeg = plain[..<2] + [0xFF, 0xE1, 0, UInt8(segment.count + 2)] + segment + plain[2...]
        let turned = try Image(decoding: Array(jpeg), path: "x")
        #expect(turned.shape == (5...8 ~= expected.orientation ? [16, 1] : [1, 16]))
        guard case .uint8(let pixels) = turned.pixels else { throw Made.Failure(what: "8 bits") }
        // Where the dark end is.
        #expect((pixels[0] < 100) == [1, 4, 5, 6, 9].contains(expected.orientation))
    }

    @Test func damagedNotesOfACameraAreNone() throws {
        let whole = Self.exif(3, isLittle: true)
        for end in 0..<20 {
            let png = try Self.png(
                width: 2, height: 1, bits: 8, type: 0, rows: [[1, 2]], chunks: [("eXIf", Array(whole[..<end]))])
            let pixels = try Image(decoding: png, path: "x").pixels
            #expect(pixels == .uint8([1, 2]) || pixels == .uint8([2, 1]))
        }
        var far = whole
        far[4...7] = [255, 255, 255, 255]
        let png = try Self.png(
            width: 2, height: 1, bits: 8, type: 0, rows: [[1, 2]], chunks: [("eXIf", far)])
        #expect(try Image(decoding: png, path: "x").pixels == .uint8([1, 2]))
    }

    // MARK: Stray bytes

    @Test func strayBytesArePassedOverAndSaid() throws {
        let pixels = ImageTests.pixels(64 * 64)
        let whole = try Made.jpeg(width: 64, height: 64, channels: 1, pixels: pixels)
        let image = try Image(decoding: whole, path: "x")
        let end = whole.count - 2
        let stray = Array(whole[..<end]) + [UInt8](repeating: 0, count: 65) + whole[end...]
        let read = try Image(decoding: stray, path: "x")
        #expect(read.pixels == image.pixels)
        #expect(read.remark != nil && image.remark == nil)
        // Parts of it missing, whether or not its end was put behind.
        let half = Array(whole[..<(whole.count / 2)])
        #expect(code { try Image(decoding: half, path: "x") } == .malformedImage)
        #expect(code { try Image(decoding: half + [0xFF, 0xD9], path: "x") } == .malformedImage)
    }
}
