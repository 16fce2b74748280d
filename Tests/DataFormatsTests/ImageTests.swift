import DataFormats
import Foundation
import RandomNumbers
import Testing

@Suite struct ImageTests {
    static func pixels(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37) } }

    static func png(_ width: Int, _ height: Int, channels: Int = 1) -> [UInt8] {
        [UInt8](PNG.encode(width: width, height: height, channels: channels, pixels: pixels(width * height * channels)))
    }

    @Test(arguments: [1, 3], [(1, 1), (5, 3), (28, 28), (300, 2)])
    func pngRoundTrip(channels: Int, size: (width: Int, height: Int)) throws {
        let (width, height) = size
        let image = try Image(decoding: Self.png(width, height, channels: channels), path: "x")
        #expect(image.pixels == .uint8(Self.pixels(width * height * channels)))
        #expect(image.shape == (channels == 1 ? [height, width] : [height, width, 3]))
    }

    @Test(arguments: [1, 3]) func jpegIsDecoded(channels: Int) throws {
        let smooth = (0..<16 * 8 * channels).map { UInt8(100 + $0 / channels % 16) }
        let bytes = try Made.jpeg(width: 16, height: 8, channels: channels, pixels: smooth, quality: 100)
        let image = try Image(decoding: bytes, path: "x")
        #expect(image.shape == (channels == 1 ? [8, 16] : [8, 16, 3]))
        guard case .uint8(let pixels) = image.pixels else { throw Made.Failure(what: "8 bits") }
        #expect(zip(pixels, smooth).allSatisfy { abs(Int($0) - Int($1)) <= 3 })
        let inks = try Made.jpeg(width: 1, height: 1, channels: 4, pixels: [1, 2, 3, 4])
        #expect(code { try Image(decoding: inks, path: "x") } == .unsupportedType)
    }

    @Test func whatPixelsDoNotNeedIsPassedOver() throws {
        let whole = Self.png(5, 3)
        // Behind the picture's size, with a checksum that nobody looks at.
        func with(_ length: [UInt8]) -> [UInt8] {
            let text: [UInt8] = length + Array("tEXt".utf8) + [97, 0, 98, 0, 0, 0, 0]
            return Array(whole[..<33]) + text + Array(whole[33...])
        }
        let image = try Image(decoding: whole, path: "x")
        #expect(try Image(decoding: with([0, 0, 0, 3]), path: "x") == image)
        #expect(try Image(decoding: whole + Array("more behind its end".utf8), path: "x") == image)
        #expect(code { try Image(decoding: with([0x1F, 0xFF, 0xFF, 0xFF]), path: "x") } == .malformedImage)
    }

    @Test func sizesAreCheckedBeforeAnythingIsDecoded() {
        #expect(code { try Image(decoding: Self.png(1, 1 << 15), path: "x") } == .tooLarge)
        #expect(
            code {
                try Image(
                    decoding: Made.jpeg(
                        width: 20_000, height: 1, channels: 1, pixels: Self.pixels(20_000)), path: "x")
            } == .tooLarge)
        #expect(code { try Image(decoding: [1, 2, 3], path: "x") } == .unknownFormat)
        #expect(code { try Image(decoding: [], path: "x") } == .unknownFormat)
    }

    @Test func damagedPicturesAreRefusedOrRead() throws {
        let png = Self.png(9, 7, channels: 3)
        let jpeg = try Made.jpeg(width: 9, height: 7, channels: 3, pixels: Self.pixels(9 * 7 * 3))
        // Without its last chunk of 12 bytes a PNG still has all of its pixels.
        for end in 0..<png.count - 12 {
            #expect(throws: DataError.self) { try Image(decoding: Array(png[..<end]), path: "x") }
        }
        for end in 0..<jpeg.count - 2 {
            #expect(throws: DataError.self) { try Image(decoding: Array(jpeg[..<end]), path: "x") }
        }
        var random = Philox(key: 79, stream: 0)
        for whole in [png, jpeg] {
            var refused = 0
            for _ in 0..<3_000 {
                var mutant = whole
                for _ in 0...random.next(below: 3) {
                    mutant[random.next(below: mutant.count)] = UInt8(truncatingIfNeeded: random.nextBits())
                }
                do {
                    let image = try Image(decoding: mutant, path: "x")
                    #expect(image.pixels.count == image.width * image.height * image.channels)
                } catch { refused += 1 }
            }
            #expect(refused > 100)
        }
    }
}
