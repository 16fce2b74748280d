/// How much room there is, in characters.
package struct ScreenSize: Hashable, Sendable {
    package var columns: Int
    package var rows: Int

    /// Nothing is drawn on less than a column and a row.
    package init(columns: Int, rows: Int) {
        self.columns = max(columns, 1)
        self.rows = max(rows, 1)
    }
}

/// What a piece of text means, which a terminal shows by its colour.
package enum Style: Hashable, Sendable {
    case plain, strong, faint, good, warning, bad, accent

    /// The parameter of `ESC [ ... m`.
    var code: String? {
        switch self {
        case .plain: nil
        case .strong: "1"
        case .faint: "2"
        case .good: "32"
        case .warning: "33"
        case .bad: "31"
        case .accent: "36"
        }
    }
}

/// A line of text whose pieces have styles, so that its width is known whatever codes it is written with.
///
/// It does not look at its text: what comes from outside must have gone through `displayable`.
package struct Line: Hashable, Sendable {
    private struct Piece: Hashable, Sendable {
        var text: String
        var style: Style
    }

    private var pieces: [Piece] = []

    package init(_ text: String = "", _ style: Style = .plain) {
        if !text.isEmpty { pieces = [Piece(text: text, style: style)] }
    }

    /// Columns of a terminal.
    package var width: Int { pieces.reduce(0) { $0 + $1.text.columns } }

    package static func + (first: Line, second: Line) -> Line {
        var both = first
        both.pieces += second.pieces
        return both
    }

    package static func + (first: Line, second: String) -> Line { first + Line(second) }

    /// The line itself where it fits; else its beginning and an ellipsis.
    package func cut(to width: Int) -> Line {
        guard self.width > width else { return self }
        var (short, left) = (Line(), width - 1)
        for piece in pieces where left > 0 {
            let text = piece.text.cut(to: left)
            left = text == piece.text ? left - text.columns : 0
            short = short + Line(text, piece.style)
        }
        return width > 0 ? short + "…" : short
    }

    /// Exactly `width` columns wide.
    package func fitted(to width: Int, isRight: Bool = false) -> Line {
        let short = cut(to: width)
        let blank = Line(String(repeating: " ", count: max(0, width - short.width)))
        return isRight ? blank + short : short + blank
    }

    /// Without the blanks at its end.
    package var trimmed: Line {
        var line = self
        while let last = line.pieces.popLast() {
            let text = last.text.reversed().drop { $0 == " " }.reversed()
            guard text.isEmpty else { return line + Line(String(text), last.style) }
        }
        return line
    }

    /// What a terminal is sent for it.
    /// - Parameter isColoured: whether styles are written; without them it is the bare text.
    package func text(isColoured: Bool) -> String {
        pieces.map { piece in
            guard isColoured, let code = piece.style.code else { return piece.text }
            return "\u{1B}[\(code)m\(piece.text)\u{1B}[0m"
        }.joined()
    }
}

extension [Line] {
    /// One after another, with two blanks between those that are not empty.
    func joined() -> Line { filter { $0.width > 0 }.reduce(Line()) { $0.width == 0 ? $1 : $0 + "  " + $1 } }
}
