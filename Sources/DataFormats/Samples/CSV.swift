import PrintableText

/// Text with a sample a line, numbers only; its first line may hold the columns' names.
package enum CSV {
    /// Samples as float32, kept where they need not fit into memory.
    package static func rows(_ source: ByteSource, _ options: ReadingOptions) throws(DataError) -> SampleRows {
        var spool: RowSpool?
        let found = try read(source, options) { row throws(DataError) in
            if spool == nil { spool = try RowSpool(path: source.path, rowBytes: row.count * 4, expected: nil) }
            try spool?.append(row, as: Float.self)
        }
        guard let spool else { throw DataError(.wrongShape, at: source.path, "there are no samples in it") }
        return SampleRows(
            spool, shape: [found.size], type: .float32, elementType: "text", columns: found.columns,
            remarks: found.remarks)
    }

    /// What the first lines say; how many follow is estimated from their length.
    static func header(_ source: ByteSource, _ options: ReadingOptions) throws(DataError) -> SampleHeader {
        let start = try source.peek(1 << 16)
        let lineBytes = start.count / max(1, start.count { $0 == 10 })
        // Tables of numbers are packed to a third or a fourth.
        let bytes = source.isPacked ? source.bytesOnDisk * 4 : source.bytesOnDisk
        var table = try CSVTable(source, options)
        let columns = try table.columns(without: options.without)
        return SampleHeader(
            count: max(1, bytes / max(1, lineBytes)), sampleShape: [columns.count], numberBytes: 4, isEstimate: true)
    }

    /// Hands over each row's numbers.
    private static func read(
        _ source: ByteSource, _ options: ReadingOptions, _ body: ([Float]) throws(DataError) -> Void
    ) throws(DataError) -> (size: Int, columns: [String]?, remarks: [String]) {
        var table = try CSVTable(source, options)
        let columns = try table.columns(without: options.without)
        var scan = ColumnScan(columns: columns, names: table.names, path: source.path)
        var (values, count) = ([Float](), 0)
        _ = try table.forEachRow(limit: options.limit) { row throws(DataError) in
            guard count < SampleTable.largestCount / columns.count else {
                throw DataError(.tooLarge, at: source.path, "it has more than \(SampleTable.largestCount) numbers")
            }
            values.removeAll(keepingCapacity: true)
            for (place, column) in columns.enumerated() {
                values.append(scan.take(row.cell(column), place, row))
            }
            try body(values)
            count += 1
        }
        try scan.check(table.raggedRows)
        return (
            columns.count, table.names.isEmpty ? nil : columns.map { table.names[$0] },
            table.remarks + scan.remarks(hasNames: !table.names.isEmpty)
        )
    }

    /// - Parameter column: by its name or position; nil for a file that has only one, or a column for each class.
    package static func labels(
        _ source: ByteSource, column: String?, _ options: ReadingOptions
    ) throws(DataError) -> ClassLabels {
        var table = try CSVTable(source, options, areLabels: true)
        guard let column else {
            return table.columnCount == 1 ? try labels(&table, 0, options) : try oneHot(&table, options)
        }
        let place = try table.place(of: column)
        return try labels(&table, place, options)
    }

    private static func labels(
        _ table: inout CSVTable, _ place: Int, _ options: ReadingOptions
    ) throws(DataError) -> ClassLabels {
        let path = table.path
        var collector = LabelCollector()
        var bad = BadCells()
        let limit = options.limit.map { table.firstMayBeName ? $0 + 1 : $0 }
        _ = try table.forEachRow(limit: limit) { row throws(DataError) in
            if let label = row.label(place) {
                try collector.add(label, path: path)
            } else {
                bad.add(column: place, line: row.line, text: row.text(place))
            }
        }
        try bad.check(
            table.raggedRows, names: table.names, path: path, what: "label",
            hint: "labels are whole numbers or words, one for each sample")
        var labels = collector.finish()
        labels.remarks = table.remarks
        // pandas calls a column without a name 0. Without a limit the number of labels shows it.
        if options.limit != nil, options.header == nil, table.columnCount == 1, table.names.isEmpty,
            let first = labels.indices.first, labels.names[Int(first)] == "0"
        {
            labels.remarks.append(
                "\(path.printable()): its first line '0' was taken as a label; say header: true where it is the column's"
                    + " name")
        }
        if table.firstMayBeName { labels.decideFirst(path: path, limit: options.limit) }
        return labels
    }

    /// A column of zeros and ones for each class, a single one in each row.
    private static func oneHot(
        _ table: inout CSVTable, _ options: ReadingOptions
    ) throws(DataError) -> ClassLabels {
        let (path, count) = (table.path, table.columnCount)
        let known = table.names.prefix(5).map { "'\($0.printable())'" }.joined(separator: ", ")
        let problem = DataError(
            .wrongShape, at: path,
            "labels are one a sample; it has \(count) columns\(known.isEmpty ? "" : ", such as \(known)")",
            hint: "say which has the labels: labels: {path: ..., column: NAME or POSITION}, or --label-column")
        var indices: [Int32] = []
        _ = try table.forEachRow(limit: options.limit) { row throws(DataError) in
            let cells = (0..<count).map { column -> Float? in
                if case .number(let value, _) = row.cell(column) { value } else { nil }
            }
            guard cells.allSatisfy({ $0 == 0 || $0 == 1 }), cells.count(where: { $0 == 1 }) == 1,
                let one = cells.firstIndex(of: 1)
            else { throw problem }
            indices.append(Int32(one))
        }
        guard table.raggedRows.isEmpty else { throw problem }
        let names = table.names.isEmpty ? (0..<count).map { "\($0)" } : table.names
        return ClassLabels(names: names, indices: indices)
    }
}
