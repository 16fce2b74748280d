/// How far something is: a label, a bar, and what is known of it.
package struct ProgressBar: Hashable, Sendable {
    private static let least = 8
    private static let most = 60

    private let label: String
    /// 0 ... 1; nil where nobody knows.
    private let share: Double?
    private let figures: [String]

    /// - Parameter figures: what stands behind the share; where there is no room for all, the last go first.
    init(_ label: String, share: Double?, figures: [String]) {
        self.label = label
        self.share = share.map { $0.isFinite ? min(max($0, 0), 1) : 0 }
        self.figures = figures
    }

    /// Work that goes on steadily, with its rate and the time left.
    /// - Parameters:
    ///   - total: nil where nobody knows.
    ///   - unit: what is counted; `bytes` are shown in larger units.
    ///   - seconds: since it began.
    package init(_ label: String, done: Int, of total: Int?, unit: String, after seconds: Double) {
        let (rate, isBytes) = (Double(done) / max(seconds, 0.001), unit == "bytes")
        let total = total.flatMap { $0 > 0 ? $0 : nil }
        var figures: [String] = []
        if total == nil { figures.append(isBytes ? Figure.bytes(Double(done)) : "\(done) \(unit)") }
        figures.append(isBytes ? "\(Figure.bytes(rate))/s" : "\(Figure.rate(rate)) \(unit)/s")
        if let total, done > 0 {
            figures.append("\(Figure.duration(Double(max(0, total - done)) / rate)) left")
        }
        self.init(label, share: total.map { Double(done) / Double($0) }, figures: figures)
    }

    /// Work of which nothing is counted: the time that it has taken, or that is left where it is known how long it goes on.
    package init(_ label: String, after seconds: Double, of total: Double? = nil) {
        let figure = total.map { "\(Figure.duration($0 - seconds)) left" } ?? Figure.duration(seconds)
        self.init(label, share: total.map { seconds / $0 }, figures: [figure])
    }

    /// A line without any drawing, such as `testing: 43 %, 1,234 samples/s, 0:12 left`.
    package var text: String {
        label + ": " + ((share.map { ["\(Int($0 * 100 + 1e-9)) %"] } ?? []) + figures).joined(separator: ", ")
    }

    /// At most `width` columns.
    package func line(width: Int) -> Line { Self.lines([self], width: width)[0] }

    /// Bars below each other, as long as each other.
    static func lines(_ bars: [ProgressBar], width: Int) -> [Line] {
        let labelWidth = min(width, bars.reduce(0) { max($0, $1.label.columns) })
        let texts = bars.map { $0.texts(within: width - labelWidth) }
        let rooms = zip(bars, texts).filter { $0.0.share != nil }.map { width - labelWidth - 2 - Self.width(of: $0.1) }
        let barWidth = min(rooms.min() ?? 0, most)
        return zip(bars, texts).map { bar, texts in
            let label = Line(bar.label, .strong).fitted(to: labelWidth)
            let drawn = bar.share.map { barWidth >= 3 ? drawing(of: $0, width: barWidth) : Line() } ?? Line()
            return ([label, drawn] + texts.map { Line($0) }).joined().cut(to: width)
        }
    }

    /// As many of the share and the figures as leave the bar some room.
    private func texts(within width: Int) -> [String] {
        var texts = (share.map { [Self.percent($0)] } ?? []) + figures
        let bar = share == nil ? 0 : Self.least + 2
        while texts.count > 1, Self.width(of: texts) + bar > width { texts.removeLast() }
        return texts
    }

    private static func width(of texts: [String]) -> Int { texts.reduce(0) { $0 + $1.columns + 2 } }

    /// 100 % when all is done, not before; always as wide.
    private static func percent(_ share: Double) -> String {
        // What is a hair below a whole number counts as that.
        let text = "\(Int(share * 100 + 1e-9)) %"
        return String(repeating: " ", count: max(0, 5 - text.columns)) + text
    }

    private static func drawing(of share: Double, width: Int) -> Line {
        let done = Int(Double(width) * share)
        return Line(String(repeating: "█", count: done), share < 1 ? .accent : .good)
            + Line(String(repeating: "░", count: width - done), .faint)
    }
}
