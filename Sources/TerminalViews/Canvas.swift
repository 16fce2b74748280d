/// Lines that are drawn again and again over each other, as what a terminal is sent.
///
/// Each line is written over the one that was there, and only what sticks out is erased, so nothing flickers. The cursor is
/// never hidden and rests below the picture: whoever ends the program leaves nothing to put right.
package struct Canvas: Sendable {
    private let isColoured: Bool
    private var size: ScreenSize?
    private var count = 0

    /// - Parameter isColoured: whether styles are written.
    package init(isColoured: Bool) { self.isColoured = isColoured }

    /// How much room a picture has on a screen: the last row is the cursor's.
    package static func room(on size: ScreenSize) -> ScreenSize {
        ScreenSize(columns: size.columns, rows: size.rows - 1)
    }

    /// Draws `lines` where the last ones were; what has no room is left out.
    package mutating func draw(_ lines: [Line], on size: ScreenSize) -> String {
        let lines = lines.prefix(size.rows - 1).map { $0.cut(to: size.columns) }
        var text = start(on: size)
        for line in lines {
            text += line.text(isColoured: isColoured)
            // Behind a full line the cursor still is on its last column, which would be erased.
            text += line.width < size.columns ? "\u{1B}[K\r\n" : "\r\n"
        }
        (self.size, count) = (size, lines.count)
        return text + "\u{1B}[J"
    }

    /// Takes the picture away.
    package mutating func erase() -> String {
        defer { (size, count) = (nil, 0) }
        return size.map { start(on: $0) + "\u{1B}[J" } ?? ""
    }

    /// To where the picture begins.
    private func start(on size: ScreenSize) -> String {
        guard let before = self.size else { return "" }
        // Terminals differ in where lines are once their size has changed.
        guard before == size else { return "\u{1B}[H" }
        return count > 0 ? "\r\u{1B}[\(count)A" : "\r"
    }
}
