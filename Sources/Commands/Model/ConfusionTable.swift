import ModelFormat
import PrintableText

/// A confusion matrix as people read it: a row for each class, a column for each answer, both with their names.
struct ConfusionTable {
    private static let longestName = 24
    private static let longestColumn = 10

    let names: [String]
    let confusion: [[Int]]

    var text: String {
        let rows = names.map { $0.printable(atMost: Self.longestName) }
        let titles = names.map { $0.printable(atMost: Self.longestColumn) }
        let counts = confusion.map { $0.map { "\($0)" } }
        let first = rows.map(\.count).max() ?? 0
        let widths = titles.indices.map { column in
            max(titles[column].count, counts.map { $0[column].count }.max() ?? 0)
        }
        func line(_ start: String, _ cells: [String]) -> String {
            let padded = zip(cells, widths).map { String(repeating: " ", count: $1 - $0.count + 2) + $0 }
            return start + String(repeating: " ", count: first - start.count) + padded.joined()
        }
        return ([line("", titles)] + zip(rows, counts).map(line)).joined(separator: "\n")
    }
}
