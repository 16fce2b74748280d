/// What the results of a stage are: all that status, tables, charts and metrics of other programs show of it is made from
/// these descriptions.
package struct StageOutputs: Codable, Hashable, Sendable {
    package var metrics: [MetricDescription] = []
    package var tables: [TableDescription] = []
    package var series: [SeriesDescription] = []
    /// Whether each task's result stands for itself, in `RunStatus.results`; otherwise updates are averaged round by round.
    package var isCollected = false
    /// Whether its tasks learn from their samples, and do not only measure.
    package var trains = true
    /// What it adds to the network, for the drawing of the network; nil where the network's layers say so.
    package var text: String?

    package init(
        metrics: [MetricDescription] = [], tables: [TableDescription] = [], series: [SeriesDescription] = [],
        isCollected: Bool = false, trains: Bool = true, text: String? = nil
    ) {
        (self.metrics, self.tables, self.series) = (metrics, tables, series)
        (self.isCollected, self.trains, self.text) = (isCollected, trains, text)
    }
}

/// A named table of counts.
package struct TableDescription: Codable, Hashable, Sendable {
    /// The key in results.
    package var name: String
    package var title: String
    /// What a row and a column stand for.
    package var rows: String
    package var columns: String
    /// The share of all that is counted beside the diagonal, where the diagonal is what is right.
    package var error: MetricDescription?

    package init(_ name: String, title: String, rows: String, columns: String, error: MetricDescription? = nil) {
        (self.name, self.title, self.rows, self.columns, self.error) = (name, title, rows, columns, error)
    }
}

/// A named list of numbers: a curve within a result.
package struct SeriesDescription: Codable, Hashable, Sendable {
    /// The key in a trial's result.
    package var name: String
    /// The key in the results of tasks, where that is another one.
    package var resultName: String?
    /// What one of its values is called, such as `loss`: in tables, too.
    package var title: String
    /// What its places count, such as `epoch`.
    package var axis: String
    package var unit: MetricUnit?
    /// Title of its chart.
    package var chart: String

    package init(
        _ name: String, resultName: String? = nil, title: String, axis: String, unit: MetricUnit? = nil, chart: String
    ) {
        (self.name, self.resultName, self.title, self.axis) = (name, resultName, title, axis)
        (self.unit, self.chart) = (unit, chart)
    }

    /// The key in the results of tasks.
    package var resultKey: String { resultName ?? name }
}

extension StageOutputs {
    /// What the stage is judged by.
    package var primary: MetricDescription? { metrics.first(where: \.decides) }

    /// What one number says of a result: the tables' error rates, then metrics.
    package var trialMetrics: [MetricDescription] {
        tables.compactMap(\.error) + metrics.filter { $0.of == .trial }
    }

    /// What a trial's result has of a task's values.
    package func values(in figures: TaskFigures) -> NamedValues {
        var values = NamedValues()
        for metric in metrics where metric.of == .trial {
            values.metrics[metric.name] = figures.metrics[metric.resultKey]
        }
        for description in series { values.series[description.name] = figures.series[description.resultKey] }
        for description in tables { values.tables[description.name] = figures.tables[description.name] }
        return values
    }

    /// Whether a task measured the weights that its round starts from: then it has the metric that decides.
    package func areMeasured(in figures: TaskFigures) -> Bool {
        metrics.contains { $0.of == .weights && $0.decides && figures.metrics[$0.resultKey] != nil }
    }
}

extension [[Int]] {
    /// The share of all that is counted beside the diagonal, 0 ... 1; 0 where nothing is counted.
    package var errorRate: Double {
        let all = reduce(0) { $0 + $1.reduce(0, +) }
        let right = enumerated().reduce(0) { $0 + ($1.element.indices.contains($1.offset) ? $1.element[$1.offset] : 0) }
        return all == 0 ? 0 : Double(all - right) / Double(all)
    }
}
