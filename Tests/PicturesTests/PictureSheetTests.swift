import DataFormats
import Foundation
import Pictures
import RunProtocol
import Testing

@Suite struct PictureSheetTests {
    @Test func tilesStandInRowsAndColumnsWithGaps() {
        let shape = TileShape(ImageShape(height: 1, width: 2, channels: 1))
        var sheet = PictureSheet(shape, rows: 2, columns: 1, zoom: 1)
        #expect((sheet.width, sheet.height) == (6, 8))
        sheet.draw([0, 1], row: 0, column: 0)
        sheet.draw([0.5, -3], row: 1, column: 0)
        let lines = stride(from: 0, to: 48, by: 6).map { Array(sheet.pixels[$0..<$0 + 6]) }
        let gap = [UInt8](repeating: 64, count: 6)
        #expect(lines == [gap, gap, [64, 64, 0, 255, 64, 64], gap, gap, [64, 64, 127, 0, 64, 64], gap, gap])
    }

    @Test func zoomRepeatsPixels() {
        var sheet = PictureSheet(
            TileShape(ImageShape(height: 1, width: 2, channels: 3)), rows: 1, columns: 1, zoom: 2)
        sheet.draw([1, 0, 0, 0, 0, 1], row: 0, column: 0)
        #expect((sheet.width, sheet.height, sheet.pixels.count) == (8, 6, 8 * 6 * 3))
        let line: [UInt8] = [255, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 255]
        for y in 2...3 { #expect(Array(sheet.pixels[(y * 8 + 2) * 3..<(y * 8 + 6) * 3]) == line) }
    }

    @Test func largeTilesAreShrunk() {
        let shape = TileShape(ImageShape(height: 3_000, width: 5_000, channels: 1))
        let sheet = PictureSheet(shape, rows: 1, columns: 2)
        #expect(sheet.width <= 1_650 && sheet.width > 400)
        var drawn = sheet
        drawn.draw([Float](repeating: 1, count: 15_000_000), row: 0, column: 1)
        #expect(drawn.pixels.count { $0 == 255 } == drawn.pixels.count { $0 != 64 })
        #expect(drawn.pixels.contains(255))
    }

    @Test func smallTilesAreEnlarged() {
        let sheet = PictureSheet(TileShape(ImageShape(height: 28, width: 28, channels: 1)), rows: 10, columns: 10)
        #expect((400...900).contains(sheet.width))
    }

    @Test(arguments: [1, 2, 3, 7, 9, 10, 784, 1_000])
    func numbersThatAreNoPictureFillASquare(count: Int) {
        let shape = TileShape(count: count)
        #expect(shape.width * shape.height >= count && shape.width * (shape.height - 1) < count)
        #expect((0...1).contains(shape.width - shape.height))
        var sheet = PictureSheet(shape, rows: 1, columns: 1, zoom: 1)
        sheet.draw([Float](repeating: 1, count: count), row: 0, column: 0)
        #expect(sheet.pixels.count { $0 == 255 } == count)
    }

    @Test func otherChannelsAreGrey() {
        let shape = TileShape(ImageShape(height: 1, width: 2, channels: 2))
        var sheet = PictureSheet(shape, rows: 1, columns: 1, zoom: 1)
        sheet.draw([0, 1, 1, 1], row: 0, column: 0)
        #expect(Array(sheet.pixels[14..<16]) == [127, 255])
    }

    @Test func shadesCoverTheirNumbers() {
        #expect(Shade(around: [0, 0]).byte(0) == 127)
        let around = Shade(around: [-2, 1])
        #expect([-2, 0, 2].map(around.byte) == [0, 127, 255])
        #expect(Shade(of: [0.2, 0.9]) == .plain)
        let wide = Shade(of: [-1, 3])
        #expect([-1, 1, 3, 9].map(wide.byte) == [0, 127, 255, 255])
        // Numbers that a network cannot give, and gives all the same, must not end the program.
        for odd in [Float.nan, .infinity, -.infinity] {
            for shade in [Shade.plain, Shade(around: [odd]), Shade(of: [odd, 1])] { _ = [odd, 0].map(shade.byte) }
        }
    }

    @Test func sheetsArePNG() throws {
        var sheet = PictureSheet(TileShape(ImageShape(height: 4, width: 4, channels: 3)), rows: 1, columns: 2, zoom: 1)
        sheet.draw((0..<48).map { Float($0) / 48 }, row: 0, column: 1)
        let folder = FileManager.default.temporaryDirectory.appending(path: "sheet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try sheet.png().write(to: folder.appending(path: "sheet.png"))
        let read = try SampleFile.samples(folder.path)
        #expect(read.sampleShape == [sheet.height, sheet.width, 3])
        #expect(read.numbers == .uint8(sheet.pixels))
    }
}
