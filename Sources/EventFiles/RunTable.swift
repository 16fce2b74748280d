package import RunProtocol

/// A run's figures as a table for spreadsheets and scripts.
package enum RunTable {
    /// The columns, in their order: what its stages describe, between those that every run has. Seconds are wall-clock,
    /// shares 0 ... 1; `round` is a place in a series where the row belongs to one; `draw` counts from 0, and `pretrained` is
    /// `true` or `false`.
    package static func columns(of run: RunStatus) -> [String] {
        let ofRounds = run.stages.flatMap { stage in
            stage.metrics.filter { $0.of != .trial }.map(\.columnName) + (stage.outputs?.series.map(\.title) ?? [])
        }
        // A run without a test has the last column too: tables of several runs can stand below each other.
        let ofTrials = run.trialMetrics.map(\.columnName) + ["error"]
        let columns =
            ["stage", "round", "samples"] + ofRounds + ["seconds", "samples_per_second", "bytes", "draw", "pretrained"]
            + ["labels"] + ofTrials
        return columns.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// A header and a line for each round of each stage, each place in the series of a result (such as an epoch), and each
    /// result that is told in numbers. What is not known, or has no meaning in that line, is an empty cell.
    ///
    /// Cells are quoted as RFC 4180 says; lines end with a line feed alone, as tools on Unix want it.
    package static func csv(_ run: RunStatus) -> String {
        let columns = columns(of: run)
        var rows: [[String: String]] = []
        for stage in run.stages { rows += stage.history.map { row($0, of: stage) } }
        for result in run.results { rows += self.rows(of: result, in: run) }
        let lines =
            [columns.joined(separator: ",")]
            + rows.map { row in columns.map { quoted(row[$0] ?? "") }.joined(separator: ",") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func row(_ record: RoundRecord, of stage: StageStatus) -> [String: String] {
        var row = ["stage": stage.name, "round": "\(record.round)"]
        row["samples"] = cell(record.round > 0 ? record.samples : nil)
        for metric in stage.metrics {
            if let value = record.metrics[metric.name] { row[metric.columnName] = cell(value, metric) }
        }
        row["seconds"] = cell(record.duration)
        row["samples_per_second"] = cell(record.samplesPerSecond)
        row["bytes"] = cell(record.bytes)
        return row
    }

    private static func rows(of result: TrialResult, in run: RunStatus) -> [[String: String]] {
        let outputs = run.outputs(of: result)
        var common = ["draw": "\(result.trial)", "pretrained": "\(result.pretrained)"]
        common["stage"] = run.stages.indices.contains(result.stage) ? run.stages[result.stage].name : nil
        let series = outputs.series.compactMap { kind in result.values.series[kind.name].map { (kind.title, $0) } }
        var rows = (0..<(series.map(\.1.count).max() ?? 0)).map { place in
            var row = common
            row["round"] = "\(place + 1)"
            for (column, values) in series where place < values.count { row[column] = cell(values[place]) }
            return row
        }
        let values = run.trialMetrics.compactMap { metric in run.value(of: metric, in: result).map { (metric, $0) } }
        guard !values.isEmpty else { return rows }
        (common["samples"], common["labels"]) = (cell(result.samples), cell(result.labels))
        for (metric, value) in values { common[metric.columnName] = cell(value, metric) }
        rows.append(common)
        return rows
    }

    private static func cell(_ number: Int?) -> String? { number.map { "\($0)" } }

    private static func cell(_ value: Double, _ metric: MetricDescription) -> String? {
        metric.format == .count ? Int(exactly: value).map { "\($0)" } ?? cell(value) : cell(value)
    }

    /// The shortest text that gives the same number again.
    private static func cell(_ number: Double?) -> String? { number.flatMap { $0.isFinite ? "\($0)" : nil } }

    private static func quoted(_ cell: String) -> String {
        let mustQuote = cell.utf8.contains { [UInt8(ascii: ","), UInt8(ascii: "\""), 10, 13].contains($0) }
        return mustQuote
            ? "\"\(cell.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\"" : cell
    }
}

extension RoundRecord {
    /// Of all workers together; nil for a round that trained nothing or has not ended.
    var samplesPerSecond: Double? {
        guard samples > 0, let duration else { return nil }
        return Double(samples) / max(duration, 0.001)
    }
}
