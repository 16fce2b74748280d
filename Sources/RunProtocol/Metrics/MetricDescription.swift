/// A named value that is measured: what people and other programs call it, its unit, its range, which of two is better.
package struct MetricDescription: Codable, Hashable, Sendable {
    /// Which of two values is better.
    package enum Direction: String, Codable, Sendable { case lowerIsBetter, higherIsBetter }

    /// What a value belongs to.
    package enum Subject: String, Codable, Sendable {
        /// A round: the mean over its updates, weighted by their samples.
        case round
        /// The weights that a round starts from, and so the round before.
        case weights
        /// One result of a stage that collects its results.
        case trial
    }

    /// How a value is written for people.
    package enum Format: String, Codable, Sendable {
        case number
        /// Of 1, in percent.
        case share
        case count
    }

    /// The key in a round's record or a trial's result, in camel case; other programs' names are made from it.
    package var name: String
    /// The key in the results of tasks, where that is another one.
    package var resultName: String?
    /// The column of a table, where it is not called by its name.
    package var column: String?
    /// What people call it, such as `held-out error`.
    package var title: String
    /// One sentence for those who do not know it.
    package var text: String
    package var unit: MetricUnit?
    /// Nil where neither is better in itself.
    package var direction: Direction?
    /// The range, both ends included; nil where there is no end.
    package var lowest: Double?
    package var highest: Double?
    package var of: Subject
    /// Whether early stopping compares it.
    package var decides = false
    /// The name of the metric that its values are compared with: what the simplest model reaches.
    package var baseline: String?
    /// What a value divided by its baseline is, such as `of the mean's error`.
    package var ratio: String?
    /// Title of the chart that it is drawn in, together with others of the same title and unit; nil: it is not drawn.
    package var chart: String?
    /// What its line is called in a chart that is first of all another metric's.
    package var line: String?
    /// What follows the value in a sentence, such as `active` in `31 % active`; nil: no sentence tells it.
    package var phrase: String?
    package var format = Format.number

    package init(
        _ name: String, resultName: String? = nil, column: String? = nil, title: String, text: String,
        unit: MetricUnit? = nil, direction: Direction? = nil, lowest: Double? = nil, highest: Double? = nil,
        of subject: Subject, decides: Bool = false, baseline: String? = nil, ratio: String? = nil,
        chart: String? = nil, line: String? = nil, phrase: String? = nil, format: Format = .number
    ) {
        (self.name, self.resultName, self.column) = (name, resultName, column)
        (self.title, self.text, self.unit, self.direction) = (title, text, unit, direction)
        (self.lowest, self.highest, self.of, self.decides) = (lowest, highest, subject, decides)
        (self.baseline, self.ratio, self.chart) = (baseline, ratio, chart)
        (self.line, self.phrase, self.format) = (line, phrase, format)
    }
}

/// What a value is counted in.
package struct MetricUnit: Codable, Hashable, Sendable {
    /// Such as `squared error` or `units`.
    package var name: String
    /// Over how many values of a sample it is summed; nil where it is no sum.
    package var values: Int?

    package init(name: String, values: Int? = nil) { (self.name, self.values) = (name, values) }

    /// Such as `squared error, summed over a sample's 784 values`.
    package var text: String {
        guard let values, values > 1 else { return name }
        return "\(name), summed over a sample's \(values) values"
    }
}

extension MetricDescription {
    /// Comparisons that decide are of whole multiples of 1 / `scale`.
    package static let scale = 0x1p20

    /// What rounds are compared by: whole multiples of 1 / `scale`, the smaller the better.
    package func cost(_ value: Double) -> Int64 {
        Int64((value * Self.scale).rounded()) * (direction == .higherIsBetter ? -1 : 1)
    }

    /// The key in the results of tasks.
    package var resultKey: String { resultName ?? name }

    /// The column of a table, such as `held_out_error`.
    package var columnName: String { (column ?? name).snakeCase }

    /// Whether the value is in the range.
    package func allows(_ value: Double) -> Bool { value >= lowest ?? -.infinity && value <= highest ?? .infinity }
}

extension String {
    /// `held_out_error` for `heldOutError`.
    package var snakeCase: String { words(separatedBy: "_") }

    func words(separatedBy separator: String) -> String {
        reduce(into: "") { text, letter in
            if letter.isUppercase, !text.isEmpty { text += separator }
            text += letter.lowercased()
        }
    }
}
