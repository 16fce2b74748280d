import PrintableText
import RunProtocol

/// What came of a run: `summary.json`, and the table that people read.
struct Summary: Encodable {
    /// A value over the draws of labeled examples, such as the test error.
    struct Errors: Encodable {
        var mean: Double
        /// The draws' standard deviation (n - 1); nil for a single draw.
        var standardDeviation: Double?
        var draws: [Double]

        init?(_ errors: [Double]) {
            guard !errors.isEmpty else { return nil }
            draws = errors
            mean = errors.reduce(0, +) / Double(errors.count)
            guard errors.count > 1 else { return }
            let squares = errors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            standardDeviation = (squares / Double(errors.count - 1)).squareRoot()
        }

        /// Such as `25.4 % ± 0.6`.
        func text(_ format: MetricDescription.Format) -> String {
            let isShare = format == .share
            func written(_ value: Double) -> String {
                (isShare ? value * 100 : value).formatted(decimals: isShare ? 1 : 3)
            }
            return written(mean) + (isShare ? " %" : "") + (standardDeviation.map { " ± \(written($0))" } ?? "")
        }
    }

    /// One stage's time and end.
    struct Stage: Encodable {
        var name: String
        var seconds: Double?
        var rounds: Int
        /// What the stage is judged by, as a multiple of its baseline.
        var ratio: Double?
        var note: String?
    }

    private enum CodingKeys: CodingKey {
        case name, planHash, sha256, files, labels, classNames, samplesPerSecond, seconds, stages, remarks
    }

    private let run: RunStatus
    var name: String
    var planHash: Digest?
    /// SHA-256 of each exported file, by its part.
    var sha256: [String: Digest]
    /// Where the files lie, by their part.
    var files: [String: String]
    /// Of a draw.
    var labels: Int?
    /// What the classifier's outputs are called, in their order.
    var classNames: [String]?
    /// Samples trained on in pretraining, by the seconds of its rounds.
    var samplesPerSecond: Double?
    var seconds: Double?
    /// With what was measured on the last weights.
    var stages: [WithNamed<Stage, Double>]
    /// What people should know of the plan, its data and the result.
    var remarks: [Remark]?

    /// - Parameter files: where each part was written.
    init(_ run: RunStatus, files: [ExportDescription.Part: String]) {
        self.run = run
        name = run.name
        planHash = run.planHash
        sha256 = Dictionary(run.exports.map { ($0.part.rawValue, $0.digest) }) { first, _ in first }
        self.files = Dictionary(uniqueKeysWithValues: files.map { ($0.key.rawValue, $0.value) })
        labels = run.results.first?.labels
        classNames = run.classNames
        let rounds = run.stages.flatMap(\.history).filter { $0.duration != nil }
        let training = rounds.reduce(0) { $0 + ($1.duration ?? 0) }
        if training > 0 { samplesPerSecond = rounds.reduce(0) { $0 + Double($1.samples) } / training }
        seconds = run.duration
        stages = run.stages.map { stage in
            let measured = stage.metrics.filter { $0.of == .weights }.map(\.name)
            let values = stage.lastMeasured?.metrics.filter { measured.contains($0.key) } ?? [:]
            let part = Stage(
                name: stage.name, seconds: stage.duration, rounds: stage.history.count(where: stage.hasClosed),
                ratio: stage.lastMeasured?.ratio(of: stage.primary), note: stage.note)
            return WithNamed(part, values)
        }
        remarks = run.remarks
    }

    /// All of it, with the trials' errors by names such as `fromScratchError`.
    var json: WithNamed<Summary, Errors> {
        let named = run.trialMetrics.flatMap { metric in
            run.values(of: metric).compactMap { group, values in
                let words = group.split(separator: " ").map(String.init) + [metric.column ?? metric.name]
                let key = words.dropFirst().reduce(words[0]) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
                return Errors(values).map { (key, $0) }
            }
        }
        return WithNamed(self, Dictionary(named) { first, _ in first })
    }

    /// The figures as people read them, then the remarks, a line each.
    var table: String {
        var rows = zip(run.stages, stages).map { stage, summary -> (String, String) in
            var parts: [String] = []
            if let seconds = summary.fixed.seconds { parts.append("\(seconds.formatted(decimals: 1)) s") }
            if summary.fixed.rounds > 0 { parts.append("\(summary.fixed.rounds) rounds") }
            for metric in stage.metrics where metric.of == .weights {
                if let text = stage.lastMeasured.flatMap({ metric.text(in: $0, of: stage) }) { parts.append(text) }
                guard metric.name == stage.primary?.baseline, let ratio = summary.fixed.ratio else { continue }
                parts.append("ratio \(ratio.formatted(decimals: 3))")
            }
            if let note = stage.note { parts.append(note) }
            return (stage.name, parts.joined(separator: ", "))
        }
        if let samplesPerSecond { rows.append(("training", "\(samplesPerSecond.formatted(decimals: 0)) samples/s")) }
        for metric in run.trialMetrics {
            let groups = run.values(of: metric).compactMap { group, values in Errors(values).map { (group, $0) } }
            guard let labels, let first = groups.first?.1 else { continue }
            let draws = "mean and standard deviation of \(first.draws.count) draws"
            rows.append((metric.title, "with \(labels) labels, \(draws)"))
            rows += groups.reversed().map { ("  \($0)", $1.text(metric.format)) }
        }
        for export in run.exports {
            let file = files[export.part.rawValue].map { "\($0), " } ?? ""
            rows.append((export.part.rawValue, "\(file)SHA-256 \(export.digest)"))
        }
        rows = rows.map { ($0.printable(), $1.printable(atMost: 5_000)) }
        let width = rows.map(\.0.count).max() ?? 0
        let lines = rows.map { $0 + String(repeating: " ", count: width - $0.count + 2) + $1 }
        return (lines + (remarks ?? []).map(\.line)).joined(separator: "\n")
    }
}

extension StageStatus {
    /// The last round on whose weights something was measured.
    var lastMeasured: RoundRecord? {
        history.last { record in metrics.contains { $0.of == .weights && record.metrics[$0.name] != nil } }
    }
}

extension MetricDescription {
    /// A round's value in a line of text: `held-out error 4.000`, `31 % active`; nil where no line tells it.
    func text(in record: RoundRecord, of stage: StageStatus) -> String? {
        guard let value = record.metrics[name] else { return nil }
        let isShare = format == .share
        let number = (isShare ? value * 100 : value).formatted(decimals: format == .number ? 3 : 0)
        if stage.isBaseline(self) { return "\(line ?? title) \(number)" }
        if let phrase { return isShare ? "\(number) % \(phrase)" : nil }
        return direction == nil ? nil : "\(title) \(number)\(isShare ? " %" : "")"
    }
}

extension Remark {
    /// As it is printed.
    var line: String { "remark: \(text.printable(atMost: 1000))" }
}

extension Double {
    /// With exactly so many digits after the point.
    func formatted(decimals: Int) -> String {
        let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
        guard isFinite, magnitude < 1e15 else { return "\(self)" }
        let whole = Int((magnitude * scale).rounded())
        let sign = self < 0 && whole > 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(whole)" }
        let digits = String(whole % Int(scale))
        return "\(sign)\(whole / Int(scale)).\(String(repeating: "0", count: decimals - digits.count))\(digits)"
    }
}
