import PrintableText

/// Cells of a text file that cannot be read: counted by column, told all at once with examples.
struct BadCells {
    private struct Column {
        var count = 0
        var gaps = 0
        var example = ""
    }

    private var columns: [Int: Column] = [:]

    /// How many columns are named in a message.
    private static let shown = 3

    mutating func add(column: Int, line: Int, text: String, isGap: Bool = false) {
        if columns[column] == nil {
            columns[column] = Column(
                example: "line \(line)" + (text.isEmpty ? ": there is nothing" : ": '\(text.printable())'"))
        }
        columns[column]?.count += 1
        if isGap { columns[column]?.gaps += 1 }
    }

    /// - Parameters:
    ///   - what: what the cells should be, such as `number`.
    ///   - hint: what to do; nil for what follows from the cells.
    /// - Throws: `.malformedRow` where there are any, or rows of another length.
    func check(
        _ ragged: RaggedRows, names: [String], path: String, what: String, hint: String? = nil
    ) throws(DataError) {
        guard !columns.isEmpty || !ragged.isEmpty else { return }
        let sorted = columns.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        func title(_ column: Int) -> String {
            names.isEmpty || names[column].isEmpty ? "\(column + 1)" : "'\(names[column].printable())'"
        }
        var parts: [String] = []
        if !sorted.isEmpty {
            let total = sorted.reduce(0) { $0 + $1.value.count }
            let list = sorted.prefix(Self.shown).map {
                "column \(title($0.key)) has \($0.value.count), \($0.value.example)"
            }
            let more = sorted.count > Self.shown ? "; \(sorted.count - Self.shown) more columns" : ""
            parts.append(
                "\(total) \(total == 1 ? "cell is no \(what)" : "cells are no \(what)s"): \(list.joined(separator: "; "))\(more)"
            )
        }
        if let text = ragged.description { parts.append(text) }
        throw DataError(
            .malformedRow, at: path, parts.joined(separator: "; "),
            hint: hint ?? way(sorted.map { ($0.key, $0.value.gaps == $0.value.count) }, ragged, title: title))
    }

    private func way(
        _ columns: [(place: Int, areGaps: Bool)], _ ragged: RaggedRows, title: (Int) -> String
    ) -> String {
        let words = columns.filter { !$0.areGaps }.prefix(8).map { title($0.place) }.joined(separator: ", ")
        var leaveOut = words.isEmpty ? "" : "leave columns without numbers out with without: [\(words)] (--without)"
        if !words.isEmpty, ragged.expected == 1 {
            leaveOut = "fields can be parted by tabs, semicolons, commas, bars or blanks"
        }
        let gaps = columns.filter(\.areGaps).prefix(8).map { title($0.place) }.joined(separator: ", ")
        let fill = gaps.isEmpty ? "" : "fill the gaps, or leave their columns out with without: [\(gaps)] (--without)"
        let mend = ragged.isEmpty ? "" : "mend these lines; fields are taken to be parted by \(ragged.delimiter) here"
        return [leaveOut, fill, mend].filter { !$0.isEmpty }.joined(separator: "; ")
    }
}

/// Lines with another number of fields than the first one.
struct RaggedRows {
    private var count = 0
    private var examples: [String] = []
    /// How many fields the first line has.
    let expected: Int
    /// What parts them, such as `commas`.
    let delimiter: String

    init(expected: Int, delimiter: String) { (self.expected, self.delimiter) = (expected, delimiter) }

    var isEmpty: Bool { count == 0 }

    mutating func add(line: Int, fields: Int) {
        count += 1
        if examples.count < 3 { examples.append("line \(line) has \(fields) columns") }
    }

    /// Nil where there are none.
    var description: String? {
        guard count > 0 else { return nil }
        let lines = count == 1 ? "1 line has" : "\(count) lines have"
        return
            "\(lines) another number of columns than the \(expected) of the first: \(examples.joined(separator: ", "))"
    }
}

/// Looks at the cells of a text file as they are read: what is no number, what float32 does not tell apart, what counts up.
struct ColumnScan {
    private let columns: [Int]
    private let names: [String]
    private let path: String
    private var bad = BadCells()
    /// Where a column has large numbers that float32 rounds, the first of them.
    private var rounded: [Int: Double] = [:]
    /// The last number of each column that has counted up so far; NaN where it has not.
    private var counting: [Double]
    private var rowCount = 0
    private var hasDecimalCommas = false
    private var areWhole = true
    private var hasCommas = false

    init(columns: [Int], names: [String], path: String) {
        (self.columns, self.names, self.path) = (columns, names, path)
        counting = [Double](repeating: 0, count: columns.count)
    }

    /// - Returns: the cell's number, or 0 where it is none.
    mutating func take(_ cell: Cell, _ place: Int, _ row: CSVRows) -> Float {
        if place == 0 { rowCount += 1 }
        hasCommas = !row.hasDecimalComma
        guard case .number(let value, let exact) = cell, value.isFinite else {
            bad.add(column: columns[place], line: row.line, text: row.text(columns[place]), isGap: cell.isGap)
            return 0
        }
        if rounded[place] == nil, RoundedNumbers.isRounded(exact, value) { rounded[place] = exact }
        if rowCount == 1 || exact == counting[place] + 1 { counting[place] = exact } else { counting[place] = .nan }
        if areWhole, exact != exact.rounded() { areWhole = false }
        if row.hasDecimalComma, !hasDecimalCommas, row.field(columns[place]).contains(44) { hasDecimalCommas = true }
        return value
    }

    /// - Throws: `.malformedRow` with all cells that are no numbers.
    func check(_ ragged: RaggedRows) throws(DataError) {
        try bad.check(ragged, names: names, path: path, what: "number")
    }

    /// What a reader of the file should know, a sentence each.
    func remarks(hasNames: Bool) -> [String] {
        func title(_ place: Int) -> String {
            hasNames ? "'\(names[columns[place]].printable())'" : "\(columns[place] + 1)"
        }
        var remarks: [String] = []
        if hasDecimalCommas {
            remarks.append("\(path.printable()): a comma in a number was read as the decimal point")
        }
        if !hasNames, hasCommas, columns.count == 2, areWhole, rowCount > 1 {
            remarks.append(
                "\(path.printable()): it was read as 2 columns of whole numbers; where the comma is a decimal one, write"
                    + " points")
        }
        let up = counting.indices.filter { rowCount > 2 && !counting[$0].isNaN }
        for place in up.prefix(3) {
            remarks.append(
                "\(path.printable()): column \(title(place)) counts up row by row; where it is an index, leave it out with"
                    + " without: [\(title(place))]")
        }
        for (place, value) in rounded.sorted(by: { $0.key < $1.key }).prefix(3) {
            remarks.append(RoundedNumbers.remark(path: path, place: "column \(title(place))", value: value))
        }
        return remarks
    }
}
