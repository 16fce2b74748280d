/// What a terminal shows of what it was sent: as much of one as the program uses.
struct TerminalScreen {
    let columns: Int
    let rows: Int
    private(set) var cells: [[Character]]
    /// From 0.
    private(set) var row = 0
    private(set) var column = 0
    /// Whether a line was wider than the screen.
    private(set) var hasWrapped = false
    /// Whether there were colours, or other looks.
    private(set) var hasStyles = false
    /// What it was sent and does not know.
    private(set) var unknown: [String] = []
    /// The cursor stands behind the last column: what comes next starts a new line.
    private var isFull = false

    init(columns: Int, rows: Int, showing bytes: some Sequence<UInt8>) {
        self.columns = columns
        self.rows = rows
        cells = Array(repeating: Array(repeating: " ", count: columns), count: rows)
        write(String(decoding: Array(bytes), as: UTF8.self))
    }

    /// Its lines without blanks at their ends, down to the last that has anything.
    var lines: [String] {
        var lines = cells.map { line in String(line.reversed().drop { $0 == " " }.reversed()) }
        while lines.last == "" { lines.removeLast() }
        return lines
    }

    var text: String { lines.joined(separator: "\n") }

    private mutating func write(_ text: String) {
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\u{1B}": control(&rest)
            case "\r": (column, isFull) = (0, false)
            case "\n": newLine()
            case _ where scalar.value < 32: unknown.append("\\u{\(scalar.value)}")
            default: put(Character(scalar))
            }
        }
    }

    private mutating func put(_ character: Character) {
        if isFull {
            hasWrapped = true
            (column, isFull) = (0, false)
            newLine()
        }
        cells[row][column] = character
        if column == columns - 1 { isFull = true } else { column += 1 }
    }

    private mutating func newLine() {
        isFull = false
        guard row == rows - 1 else {
            row += 1
            return
        }
        cells.removeFirst()
        cells.append(Array(repeating: " ", count: columns))
    }

    /// `ESC [ NUMBER LETTER`, after its first character.
    private mutating func control(_ rest: inout Substring.UnicodeScalarView) {
        guard rest.popFirst() == "[" else { return unknown.append("ESC") }
        let parameters = String(String.UnicodeScalarView(rest.prefix { !("@"..."~").contains($0) }))
        rest = rest.dropFirst(parameters.unicodeScalars.count)
        guard let letter = rest.popFirst() else { return }
        let number = Int(parameters)
        switch letter {
        case "m": hasStyles = true
        case "A": (row, isFull) = (max(0, row - (number ?? 1)), false)
        case "H" where parameters.isEmpty: (row, column, isFull) = (0, 0, false)
        case "K" where parameters.isEmpty: blank(row, from: column)
        case "J" where parameters.isEmpty:
            blank(row, from: column)
            for below in row + 1..<max(rows, row + 1) { blank(below, from: 0) }
        default: unknown.append("ESC [ \(parameters) \(letter)")
        }
    }

    private mutating func blank(_ row: Int, from column: Int) {
        for place in column..<columns { cells[row][place] = " " }
    }
}
