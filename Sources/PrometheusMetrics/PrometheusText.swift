/// Metrics in Prometheus' text format, version 0.0.4, as its documentation defines it under "Exposition formats".
package enum PrometheusText {
    /// Label values are cut off there.
    package static let labelCharacters = 256

    /// Families by name and their series by labels, so that the same figures give the same text. A family without series is
    /// left out.
    package static func render(_ families: [MetricFamily]) -> String {
        var text = ""
        for family in families.sorted(by: { $0.description.name < $1.description.name }) where !family.series.isEmpty {
            let description = family.description
            if !description.help.isEmpty { text += "# HELP \(description.name) \(escaped(description.help))\n" }
            text += "# TYPE \(description.name) \(description.kind.rawValue)\n"
            for series in family.series.sorted(by: { $0.labels.lexicographicallyPrecedes($1.labels) }) {
                append(series, of: description.name, to: &text)
            }
        }
        return text
    }

    private static func append(_ series: MetricSeries, of name: String, to text: inout String) {
        switch series.value {
        case .number(let number): append(name, series.labels, number, to: &text)
        case .histogram(let histogram):
            var count = 0
            for (bound, values) in zip(histogram.bounds + [.infinity], histogram.counts) {
                count += values
                let labels = series.labels + [MetricLabel(name: "le", value: written(bound))]
                append(name + "_bucket", labels, Double(count), to: &text)
            }
            append(name + "_sum", series.labels, histogram.sum, to: &text)
            append(name + "_count", series.labels, Double(count), to: &text)
        }
    }

    private static func append(_ name: String, _ labels: [MetricLabel], _ value: Double, to text: inout String) {
        text += name
        if !labels.isEmpty {
            let pairs = labels.map { label in
                "\(label.name)=\"\(escaped(label.value.unicodeScalars.prefix(labelCharacters), quotes: true))\""
            }
            text += "{\(pairs.joined(separator: ","))}"
        }
        text += " \(written(value))\n"
    }

    /// Whole numbers without a fraction, others so that reading them gives the same again.
    static func written(_ number: Double) -> String {
        guard number.isFinite else { return number.isNaN ? "NaN" : number > 0 ? "+Inf" : "-Inf" }
        return number.magnitude < 0x1p53 && number == number.rounded() ? "\(Int(number))" : "\(number)"
    }

    private static func escaped(_ text: String) -> String { escaped(text.unicodeScalars.prefix(.max)) }

    private static func escaped(_ text: String.UnicodeScalarView.SubSequence, quotes: Bool = false) -> String {
        var escaped = ""
        for scalar in text {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
