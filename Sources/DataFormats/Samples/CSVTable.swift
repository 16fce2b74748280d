import PrintableText

/// A text file of which the first rows have been read: its columns' names and how many there are.
struct CSVTable {
    /// Empty where the file has none.
    private(set) var names: [String] = []
    private(set) var columnCount = 0
    /// What was guessed, a sentence each.
    private(set) var remarks: [String] = []
    /// Lines with another number of fields than the first, and that number.
    private(set) var raggedRows = RaggedRows(expected: 0, delimiter: "")
    /// Rows that were read to find out about the names, and are samples.
    private var waiting: [CSVRows] = []
    private var rows: CSVRows
    private var isAtEnd = false

    var path: String { rows.source.path }

    init(_ source: ByteSource, _ options: ReadingOptions, areLabels: Bool = false) throws(DataError) {
        rows = try CSVRows(source)
        guard try rows.next() else { throw DataError(.wrongShape, at: source.path, "there is nothing in it") }
        let first = rows
        columnCount = first.columnCount
        raggedRows = RaggedRows(expected: columnCount, delimiter: rows.delimiterName)
        isAtEnd = try !rows.next()
        let second = isAtEnd ? nil : rows
        if try isHeader(first, second, options, areLabels: areLabels) {
            names = (0..<columnCount).map { first.text($0) }
        } else {
            waiting.append(first)
        }
        if let second { waiting.append(second) }
        if let comment = first.comment, names.isEmpty, options.header != false {
            let named = first.split(comment)
            if named.count == columnCount, columnCount > 1 || named.allSatisfy({ Double($0) == nil }) {
                names = named
                remarks.append("\(path.printable()): the line that begins with # was taken as the columns' names")
            }
        }
        waiting.reverse()
    }

    // MARK: Names

    /// Whether the first row holds names.
    /// - Throws: `.malformedRow` where it could be either.
    private mutating func isHeader(
        _ first: CSVRows, _ second: CSVRows?, _ options: ReadingOptions, areLabels: Bool
    ) throws(DataError) -> Bool {
        if let header = options.header { return header }
        let cells = (0..<columnCount).map { first.cell($0) }
        let below = second.map { row in (0..<row.columnCount).map { row.cell($0) } } ?? []
        // 2m and 2024-01 may be names, 1_000 and 0x10 numbers that cannot be read.
        let words = cells.indices.count { cells[$0].isWord && !first.beginsAsNumber($0) }
        let numbers = cells.count { !$0.isGap } - words
        guard cells.contains(where: \.isWord) else { return try isHeaderOfNumbers(cells, below) }
        guard second != nil else { return numbers == 0 }
        if areLabels, columnCount == 1, below.first?.isWord == true {
            firstMayBeName = true
            return false
        }
        // A name stands above something else than a word.
        let isAbove = zip(cells, below).contains { $0.isWord && !$1.isWord }
        guard numbers > 0 else { return true }
        guard isAbove else { return false }
        let counted = words > 0 && Self.countsUp(cells.filter { !$0.isGap && !$0.isWord })
        guard numbers <= words || counted else {
            let example = cells.indices.first { cells[$0].isWord }.map { first.text($0).printable() } ?? ""
            throw DataError(
                .malformedRow, at: path,
                "its first line has words, such as '\(example)', and numbers: it may hold names, or be a sample",
                hint: "say header: true (--header) or header: false (--no-header)")
        }
        return true
    }

    /// Whether the first row of a file of labels is a word above words: it is a name where it stands nowhere else.
    private(set) var firstMayBeName = false

    /// Whether the numbers are n, n + 1, n + 2, ...
    private static func countsUp(_ cells: [Cell]) -> Bool {
        var before: Double?
        for cell in cells {
            guard case .number(_, let value) = cell, before.map({ value == $0 + 1 }) ?? (value == value.rounded())
            else { return false }
            before = value
        }
        return true
    }

    /// A first row without words, and the one below it.
    private mutating func isHeaderOfNumbers(_ cells: [Cell], _ below: [Cell]) throws(DataError) -> Bool {
        // pandas leaves the name of its index empty.
        let isIndexed = !cells[0].isNumber
        let names = isIndexed ? Array(cells.dropFirst()) : cells
        guard names.count >= (isIndexed ? 1 : 3), names.allSatisfy(\.isNumber), Self.countsUp(names),
            below.count == cells.count, below.allSatisfy(\.isNumber), case .number(_, let start) = names[0]
        else { return false }
        let bothCountUp = Self.countsUp(isIndexed ? Array(below.dropFirst()) : below)
        guard start == 0 || start == 1, !bothCountUp else {
            remarks.append(
                "\(path.printable()): its first line counts up and was taken as a sample; say header: true where it holds"
                    + " the columns' names")
            return false
        }
        // As pandas and NumPy write above columns without names.
        guard isIndexed || columnCount >= 8 else {
            throw DataError(
                .malformedRow, at: path, "its first line counts up: it may hold names, or be a sample",
                hint: "say header: true (--header) or header: false (--no-header)")
        }
        remarks.append(
            "\(path.printable()): its first line counts up and was taken as the columns' names; say header: false"
                + " where it is a sample")
        return true
    }

    /// Which column a name or position means.
    func place(of reference: String) throws(DataError) -> Int {
        let places = names.indices.filter { names[$0] == reference }
        guard places.count < 2 else {
            throw rows.problem("\(places.count) columns are called '\(reference.printable())'")
        }
        if let place = places.first { return place }
        if let position = Int(reference), (1...columnCount).contains(position) { return position - 1 }
        let known = names.prefix(3).map { "'\($0.printable())'" }.joined(separator: ", ")
        throw DataError(
            .noSuchColumn, at: path, "there is no column '\(reference.printable())'",
            hint: names.isEmpty
                ? "it has no names; give a position from 1 to \(columnCount)"
                : "its columns are \(known)\(names.count > 3 ? ", ..." : "")")
    }

    /// The columns that belong to samples. A first one without a name that counts up, as pandas writes it, does not.
    mutating func columns(without: [String]) throws(DataError) -> [Int] {
        var left = Set<Int>()
        for reference in without { left.insert(try place(of: reference)) }
        if let first = names.first, first.isEmpty, !left.contains(0), columnCount > 1 {
            guard try isIndex() else {
                throw rows.problem(
                    "column 1 has no name, and does not count up as an index would",
                    hint: "give it a name, or leave it out with without: [1]")
            }
            left.insert(0)
            checksIndex = true
            remarks.append(
                "\(path.printable()): its first column has no name and counts up; it is an index and was left out")
        }
        let columns = (0..<columnCount).filter { !left.contains($0) }
        guard !columns.isEmpty else {
            throw DataError(
                .wrongShape, at: path,
                "it has no column but '\(without.map { $0.printable() }.joined(separator: ", "))'")
        }
        return columns
    }

    // MARK: An index

    private var checksIndex = false
    private var index: Double?

    private func isIndex() throws(DataError) -> Bool {
        let values = waiting.reversed().compactMap { row -> Double? in
            if case .number(_, let value) = row.cell(0) { value } else { nil }
        }
        guard let first = values.first, values.count == waiting.count else { return false }
        return first == first.rounded() && values.dropFirst().allSatisfy { $0 == first + 1 }
    }

    private mutating func checkIndex(_ row: CSVRows) throws(DataError) {
        guard checksIndex else { return }
        guard case .number(_, let value) = row.cell(0), index.map({ value == $0 + 1 }) ?? true else {
            throw row.problem(
                "line \(row.line): column 1 has no name and stops counting up",
                hint: "give it a name, or leave it out with without: [1]")
        }
        index = value
    }

    // MARK: Rows

    /// Hands over each row that holds a sample, up to `limit` of them. Rows with another number of fields are noted.
    /// - Returns: how many there are.
    mutating func forEachRow(
        limit: Int?, _ body: (CSVRows) throws(DataError) -> Void
    ) throws(DataError) -> Int {
        var count = 0
        while count < limit ?? .max {
            let row: CSVRows
            if let next = waiting.popLast() {
                row = next
            } else {
                if isAtEnd { break }
                isAtEnd = try !rows.next()
                if isAtEnd { break }
                row = rows
            }
            guard row.columnCount == columnCount else {
                raggedRows.add(line: row.line, fields: row.columnCount)
                continue
            }
            guard count < SampleTable.largestCount else {
                throw DataError(.tooLarge, at: path, "it has more than \(count) rows")
            }
            try checkIndex(row)
            try body(row)
            count += 1
        }
        guard count > 0 || !raggedRows.isEmpty else {
            throw DataError(.wrongShape, at: path, "there are no samples in it")
        }
        return count
    }
}
