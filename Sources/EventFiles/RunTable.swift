package import RunProtocol

/// A run's figures as a table for spreadsheets and scripts.
package enum RunTable {
    /// The columns, in their order. Seconds are wall-clock, shares and errors of a test 0 ... 1; `round` is an epoch where
    /// the row belongs to a fine-tuning; `draw` counts from 0, and `pretrained` is `true` or `false`.
    package static let columns = [
        "stage", "round", "samples", "loss", "held_out_error", "mean_error", "active_share", "dead_units", "kept_share",
        "unused_units", "seconds", "samples_per_second", "bytes", "draw", "pretrained", "labels", "error",
    ]

    /// A header and a line for each round of each stage, each epoch of each fine-tuning, each test of a draw. What is not
    /// known, or has no meaning in that line, is an empty cell.
    ///
    /// Cells are quoted as RFC 4180 says; lines end with a line feed alone, as tools on Unix want it.
    package static func csv(_ run: RunStatus) -> String {
        var lines = [columns.joined(separator: ",")]
        for stage in run.stages {
            for record in stage.history { lines.append(line(row(record, of: stage))) }
        }
        for curve in run.curves ?? [] {
            for (index, loss) in curve.losses.enumerated() {
                lines.append(line(row(loss, epoch: index + 1, of: curve)))
            }
        }
        for result in run.results { lines.append(line(row(result))) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func row(_ record: RoundRecord, of stage: StageStatus) -> [String: String] {
        var row = ["stage": stage.name, "round": "\(record.round)"]
        row["samples"] = cell(record.round > 0 ? record.samples : nil)
        row["loss"] = cell(record.loss)
        row["held_out_error"] = cell(record.heldOutError)
        row["mean_error"] = cell(record.heldOutError.flatMap { _ in stage.meanError })
        row["active_share"] = cell(record.activeShare)
        row["dead_units"] = cell(record.deadUnits)
        row["kept_share"] = cell(record.keptShare)
        row["unused_units"] = cell(record.unusedUnits)
        row["seconds"] = cell(record.duration)
        row["samples_per_second"] = cell(record.samplesPerSecond)
        row["bytes"] = cell(record.bytes)
        return row
    }

    private static func row(_ loss: Double, epoch: Int, of curve: LearningCurve) -> [String: String] {
        var row = ["stage": "fine-tuning", "round": "\(epoch)"]
        row["loss"] = cell(loss)
        row["draw"] = cell(curve.draw)
        row["pretrained"] = "\(curve.pretrained)"
        return row
    }

    private static func row(_ result: EvaluationResult) -> [String: String] {
        var row = ["stage": "evaluation", "samples": "\(result.tested)"]
        row["draw"] = cell(result.draw)
        row["pretrained"] = "\(result.pretrained)"
        row["labels"] = cell(result.labels)
        row["error"] = cell(result.error)
        return row
    }

    private static func line(_ row: [String: String]) -> String {
        columns.map { quoted(row[$0] ?? "") }.joined(separator: ",")
    }

    private static func cell(_ number: Int?) -> String? { number.map { "\($0)" } }

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
