/// What a metric is and says, for those who read it.
package struct FamilyDescription: Hashable, Sendable {
    package enum Kind: String, Sendable {
        /// Only goes up, but for a restart. Its name ends in `_total`.
        case counter
        case gauge
        /// How many values were at most as large as each of `buckets`.
        case histogram
    }

    package let name: String
    package let kind: Kind
    /// The labels' names, in the order in which their values are given.
    package let labels: [String]
    /// One sentence, with the unit.
    package let help: String
    /// The buckets' upper bounds, going up, without infinity; only a histogram has any.
    package let buckets: [Double]

    package init(_ name: String, _ kind: Kind, _ labels: [String], _ help: String, buckets: [Double] = []) {
        precondition(zip(buckets, buckets.dropFirst()).allSatisfy(<), "buckets go up")
        (self.name, self.kind, self.labels, self.help, self.buckets) = (name, kind, labels, help, buckets)
    }
}

/// A metric with all its series at one moment.
///
/// ```swift
/// MetricFamily(FamilyDescription("cairn_runs", .gauge, ["state"], "Runs in each state."), [(["running"], 1)])
/// ```
package struct MetricFamily: Hashable, Sendable {
    package let description: FamilyDescription
    package private(set) var series: [MetricSeries]

    /// - Parameter values: the labels' values and the number; where that is nil there is no such series.
    package init(_ description: FamilyDescription, _ values: [([String], Double?)]) {
        self.description = description
        series = values.compactMap { texts, value in
            precondition(texts.count == description.labels.count, "every label has a value")
            let labels = zip(description.labels, texts).map { MetricLabel(name: $0, value: $1) }
            return value.map { MetricSeries(labels: labels, value: .number($0)) }
        }
    }

    package init(_ description: FamilyDescription, series: [MetricSeries]) {
        (self.description, self.series) = (description, series)
    }
}

/// A label's name and its value.
package struct MetricLabel: Hashable, Sendable, Comparable {
    package let name: String
    package let value: String

    package init(name: String, value: String) { (self.name, self.value) = (name, value) }

    package static func < (left: MetricLabel, right: MetricLabel) -> Bool {
        (left.name, left.value) < (right.name, right.value)
    }
}

/// The value of one set of labels.
package struct MetricSeries: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        case number(Double)
        case histogram(Histogram)
    }

    package let labels: [MetricLabel]
    package let value: Value

    package init(labels: [MetricLabel], value: Value) { (self.labels, self.value) = (labels, value) }
}

/// How often values fell into each bucket.
package struct Histogram: Hashable, Sendable {
    /// Upper bounds, going up, without infinity.
    package let bounds: [Double]
    /// Of the values up to each bound and above the one before; the last counts what is above all bounds.
    package private(set) var counts: [Int]
    package private(set) var sum = 0.0

    package init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    package mutating func add(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }
}
