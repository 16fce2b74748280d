import PrintableText

/// Text with a sample a line, numbers only; a first line with anything else than numbers holds the columns' names.
package enum CSV {
    /// - Parameters:
    ///   - limit: only the first samples.
    ///   - column: the name of a column that belongs to no sample.
    /// - Returns: the samples as float32.
    package static func samples(
        _ bytes: [UInt8], path: String, limit: Int? = nil, leavingOut column: String? = nil
    ) throws(DataError) -> SampleTable {
        try samples(ByteSource(bytes, path: path), limit: limit, leavingOut: column)
    }

    /// - Parameter column: by its name; nil for a file that has only one.
    package static func labels(
        _ bytes: [UInt8], path: String, column: String? = nil, limit: Int? = nil
    ) throws(DataError) -> [Int32] {
        try labels(ByteSource(bytes, path: path), column: column, limit: limit)
    }

    static func samples(
        _ source: ByteSource, limit: Int?, leavingOut column: String?
    ) throws(DataError) -> SampleTable {
        var table = try Table(source)
        let leftOut = try column.map { name throws(DataError) in try table.place(of: name) }
        let columns = (0..<table.columnCount).filter { $0 != leftOut }
        guard !columns.isEmpty else {
            throw DataError(.wrongShape, at: source.path, "it has no column but '\(column?.printable() ?? "")'")
        }
        let names = table.names
        var values: [Float] = []
        var count = 0
        try table.forEachRow(limit: limit) { rows throws(DataError) in
            guard values.count <= SampleTable.largestCount - columns.count else {
                throw DataError(.tooLarge, at: source.path, "it has more than \(SampleTable.largestCount) numbers")
            }
            for column in columns {
                guard let value = rows.number(column), value.isFinite else {
                    throw rows.noNumber(in: column, names: names)
                }
                values.append(value)
            }
            count += 1
        }
        var result = SampleTable(count: count, sampleShape: [columns.count], numbers: .float32(values))
        result.columns = names.isEmpty ? nil : columns.map { names[$0] }
        return result
    }

    static func labels(_ source: ByteSource, column: String?, limit: Int?) throws(DataError) -> [Int32] {
        var table = try Table(source)
        guard column != nil || table.columnCount == 1 else {
            throw DataError(
                .wrongShape, at: source.path, "labels are one number each; it has \(table.columnCount) columns",
                hint: "say which column has the labels")
        }
        let place = try column.map { name throws(DataError) in try table.place(of: name) } ?? 0
        var labels: [Int32] = []
        try table.forEachRow(limit: limit) { rows throws(DataError) in
            guard let label = rows.label(place) else {
                throw DataError(
                    .outOfRange, at: source.path,
                    "line \(rows.line), column \(place + 1): '\(rows.text(place).printable())' is no label",
                    hint: "labels are whole numbers from 0 to \(Int32.max)")
            }
            labels.append(label)
        }
        return labels
    }

    static func columnNames(_ source: ByteSource) throws(DataError) -> [String] { try Table(source).names }
}

/// A CSV of which the first row has been read.
private struct Table {
    /// Empty where the file has none.
    let names: [String]
    let columnCount: Int
    private var rows: CSVRows

    init(_ source: ByteSource) throws(DataError) {
        var rows = try CSVRows(source)
        guard try rows.next() else { throw DataError(.wrongShape, at: source.path, "there is nothing in it") }
        let row = rows
        columnCount = row.columnCount
        names =
            (0..<columnCount).contains { row.number($0) == nil } ? (0..<columnCount).map { row.text($0) } : []
        self.rows = rows
    }

    func place(of name: String) throws(DataError) -> Int {
        let places = names.indices.filter { names[$0] == name }
        guard places.count < 2 else { throw rows.problem("\(places.count) columns are called '\(name.printable())'") }
        guard let place = places.first else {
            let known = names.prefix(3).map { "'\($0.printable())'" }.joined(separator: ", ")
            throw DataError(
                .noSuchColumn, at: rows.source.path, "there is no column '\(name.printable())'",
                hint: names.isEmpty
                    ? "its first line has no names" : "its columns are \(known)\(names.count > 3 ? ", ..." : "")")
        }
        return place
    }

    /// Hands over each row that holds numbers, up to `limit` of them.
    mutating func forEachRow(limit: Int?, _ body: (CSVRows) throws(DataError) -> Void) throws(DataError) {
        var count = 0
        var isThere = names.isEmpty ? true : try rows.next()
        while isThere, count < limit ?? .max {
            guard rows.columnCount == columnCount else {
                throw rows.problem(
                    "line \(rows.line) has \(rows.columnCount) columns; those before have \(columnCount)")
            }
            guard count < SampleTable.largestCount else {
                throw DataError(.tooLarge, at: rows.source.path, "it has more than \(count) rows")
            }
            try body(rows)
            count += 1
            isThere = try rows.next()
        }
        guard count > 0 else { throw DataError(.wrongShape, at: rows.source.path, "there are no samples in it") }
    }
}

extension CSVRows {
    fileprivate func noNumber(in column: Int, names: [String]) -> DataError {
        let name = names.isEmpty ? "" : " ('\(names[column].printable())')"
        let place = "line \(line), column \(column + 1)\(name)"
        guard number(column) == nil else {
            return DataError(.notFinite, at: source.path, "\(place): \(text(column).printable()) is too large")
        }
        let found = field(column).isEmpty ? "there is nothing" : "'\(text(column).printable())' is no number"
        return problem(
            "\(place): \(found)", hint: "only numbers can be read; leave columns of words and rows with gaps out")
    }
}
