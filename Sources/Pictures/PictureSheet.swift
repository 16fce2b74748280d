import DataFormats
package import FoundationEssentials

/// Tiles of one size in rows and columns, with a gap of two pixels between and around them.
package struct PictureSheet: Hashable, Sendable {
    package let tile: TileShape
    package let rows: Int
    package let columns: Int
    /// So many pixels high and wide is each of a tile's.
    private let zoom: Int
    /// One of so many of a tile's pixels is shown, both ways.
    private let step: Int
    /// (height, width, channels)
    package private(set) var pixels: [UInt8]

    private static let gap = 2
    private static let background: UInt8 = 64
    /// About how many pixels a sheet has at least and at most along its longer side.
    private static let usualSide = 800
    private static let largestSide = 1_600

    package init(_ tile: TileShape, rows: Int, columns: Int, zoom: Int, step: Int = 1) {
        precondition(rows > 0 && columns > 0 && zoom > 0 && step > 0, "a sheet without tiles")
        (self.tile, self.rows, self.columns, self.zoom, self.step) = (tile, rows, columns, zoom, step)
        pixels = []
        pixels = [UInt8](repeating: Self.background, count: width * height * tile.channels)
    }

    /// A sheet for a screen: small tiles are made larger, of large ones pixels are left out.
    package init(_ tile: TileShape, rows: Int, columns: Int) {
        let side = max(tile.height * rows, tile.width * columns)
        self.init(
            tile, rows: rows, columns: columns, zoom: max(1, min(8, Self.usualSide / side)),
            step: (side + Self.largestSide - 1) / Self.largestSide)
    }

    private var tileHeight: Int { (tile.height + step - 1) / step * zoom }
    private var tileWidth: Int { (tile.width + step - 1) / step * zoom }

    package var width: Int { columns * (tileWidth + Self.gap) + Self.gap }
    package var height: Int { rows * (tileHeight + Self.gap) + Self.gap }

    /// - Parameter numbers: one tile's: (height, width, channels) of the sample.
    package mutating func draw(_ numbers: [Float], row: Int, column: Int, shade: Shade = .plain) {
        precondition(row < rows && column < columns, "there is no tile \(row), \(column)")
        let top = Self.gap + row * (tileHeight + Self.gap)
        let left = Self.gap + column * (tileWidth + Self.gap)
        for y in 0..<tileHeight {
            for x in 0..<tileWidth {
                for channel in 0..<tile.channels {
                    let number = tile.number(numbers, y: y / zoom * step, x: x / zoom * step, channel: channel)
                    guard let number else { continue }
                    pixels[((top + y) * width + left + x) * tile.channels + channel] = shade.byte(number)
                }
            }
        }
    }

    /// Draws the tile `index`, counted row after row.
    package mutating func draw(_ numbers: [Float], at index: Int, shade: Shade) {
        draw(numbers, row: index / columns, column: index % columns, shade: shade)
    }

    package func png() -> Data {
        PNG.encode(width: width, height: height, channels: tile.channels, pixels: pixels)
    }
}
