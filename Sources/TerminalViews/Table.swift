/// Rows and columns that fit a width: cells are cut, then columns left out.
package struct Table {
    /// What stands in a column, and what becomes of it where room is short.
    package struct Column {
        package var title: String
        package var isRight = false
        /// To how few columns of the terminal its cells may be cut; nil: not at all.
        package var least: Int?
        /// The column with the highest rank is left out first; rank 0 stays.
        package var rank = 0

        package init(title: String, isRight: Bool = false, least: Int? = nil, rank: Int = 0) {
            (self.title, self.isRight, self.least, self.rank) = (title, isRight, least, rank)
        }
    }

    private static let gap = 2

    package let columns: [Column]
    /// As many cells as there are columns, in each.
    package let rows: [[Line]]

    package init(columns: [Column], rows: [[Line]]) { (self.columns, self.rows) = (columns, rows) }

    /// The titles, then the rows, none wider than `width`.
    package func lines(width: Int) -> [Line] {
        let widths = widths(within: width)
        func line(_ cells: [Line]) -> Line {
            let fitted = columns.indices.compactMap { index in
                widths[index].map { cells[index].fitted(to: $0, isRight: columns[index].isRight) }
            }
            return fitted.reduce(Line()) { $0.width == 0 ? $1 : $0 + "  " + $1 }.trimmed.cut(to: width)
        }
        return [line(columns.map { Line($0.title, .faint) })] + rows.map(line)
    }

    /// Each column's width; nil for those that are left out.
    private func widths(within width: Int) -> [Int?] {
        let natural = columns.indices.map { index in
            rows.reduce(columns[index].title.columns) { max($0, $1[index].width) }
        }
        // A column without anything in it says nothing.
        var kept = columns.indices.filter { index in rows.isEmpty || rows.contains { $0[index].width > 0 } }
        while true {
            let least = kept.map { min(natural[$0], columns[$0].least ?? natural[$0]) }
            let left = width - least.reduce(0, +) - Self.gap * (kept.count - 1)
            guard left < 0,
                let last = kept.filter({ columns[$0].rank > 0 }).max(by: { columns[$0].rank < columns[$1].rank })
            else { return share(max(left, 0), among: kept, natural, least) }
            kept.removeAll { $0 == last }
        }
    }

    /// Gives columns that were cut what is left, the first ones first.
    private func share(_ left: Int, among kept: [Int], _ natural: [Int], _ least: [Int]) -> [Int?] {
        var (widths, left) = ([Int?](repeating: nil, count: columns.count), left)
        for (index, smallest) in zip(kept, least) {
            let more = min(left, natural[index] - smallest)
            widths[index] = smallest + more
            left -= more
        }
        return widths
    }
}
