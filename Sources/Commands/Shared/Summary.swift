import FoundationEssentials
import PrintableText
import RunProtocol

/// What came of a run: `summary.json`, and the table that people read.
struct Summary {
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

    /// A metric of the run's trials, group by group: the last group first.
    struct Trials {
        var metric: MetricDescription
        var groups: [(name: String, errors: Errors)]
    }

    /// One stage's time and end.
    struct Stage {
        var name: String
        var seconds: Double?
        var rounds: Int
        /// Measured on the last weights, and the baselines.
        var values: [String: Double]
        /// What the stage is judged by, as a multiple of its baseline.
        var ratio: Double?
        var note: String?
        /// The same for people.
        var words: [String]

        init(_ stage: StageStatus) {
            (name, seconds, note) = (stage.name, stage.duration, stage.note)
            rounds = stage.history.count(where: stage.hasClosed)
            let measured = stage.metrics.filter { $0.of == .weights }
            let last = stage.history.last { record in measured.contains { record.metrics[$0.name] != nil } }
            let names = Set(measured.map(\.name))
            values = (last?.metrics ?? [:]).filter { names.contains($0.key) }
            values.merge(stage.baselines ?? [:]) { first, _ in first }
            ratio = stage.ratio(of: stage.primary.flatMap { last?.metrics[$0.name] }, stage.primary)
            words = []
            for metric in measured {
                guard let value = values[metric.name], metric.direction != nil || metric.isToldShare else { continue }
                words.append(metric.phrase == nil ? "\(metric.title) \(metric.text(value))" : metric.text(value))
                guard let baseline = metric.baseline, let value = stage.baseline(of: metric) else { continue }
                words.append("\(baseline.model) \(metric.text(value))")
                if let ratio { words.append("ratio \(ratio.formatted(decimals: 3))") }
            }
        }
    }

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
    var trials: [Trials]
    /// Samples trained on in pretraining, by the seconds of its rounds.
    var samplesPerSecond: Double?
    var seconds: Double?
    var stages: [Stage]
    /// What people should know of the plan, its data and the result.
    var remarks: [Remark]?

    /// - Parameter files: where each part was written.
    init(_ run: RunStatus, files: [ExportDescription.Part: String]) {
        name = run.name
        planHash = run.planHash
        sha256 = Dictionary(run.exports.map { ($0.part.rawValue, $0.digest) }) { first, _ in first }
        self.files = Dictionary(uniqueKeysWithValues: files.map { ($0.key.rawValue, $0.value) })
        labels = run.results.first?.labels
        classNames = run.classNames
        trials = run.trialMetrics.map { metric in
            Trials(
                metric: metric,
                groups: run.values(of: metric).reversed().compactMap { group, values in
                    Errors(values).map { (group, $0) }
                })
        }.filter { !$0.groups.isEmpty }
        let rounds = run.stages.flatMap(\.history).filter { $0.duration != nil }
        let training = rounds.reduce(0) { $0 + ($1.duration ?? 0) }
        if training > 0 { samplesPerSecond = rounds.reduce(0) { $0 + Double($1.samples) } / training }
        seconds = run.duration
        stages = run.stages.map(Stage.init)
        remarks = run.remarks
    }

    /// The figures as people read them, then the remarks, a line each.
    var table: String {
        var rows = stages.map { stage -> (String, String) in
            var parts: [String] = []
            if let seconds = stage.seconds { parts.append("\(seconds.formatted(decimals: 1)) s") }
            if stage.rounds > 0 { parts.append("\(stage.rounds) rounds") }
            parts += stage.words
            if let note = stage.note { parts.append(note) }
            return (stage.name, parts.joined(separator: ", "))
        }
        if let samplesPerSecond { rows.append(("pretraining", "\(samplesPerSecond.formatted(decimals: 0)) samples/s")) }
        for trial in trials {
            let draws = trial.groups.reduce(0) { max($0, $1.errors.draws.count) }
            let labels = labels.map { "with \($0) labels, " } ?? ""
            rows.append((trial.metric.title, "\(labels)mean and standard deviation of \(draws) draws"))
            rows += trial.groups.map { ("  \($0)", $1.text(trial.metric.format)) }
        }
        for part in ExportDescription.Part.allCases {
            guard let digest = sha256[part.rawValue] else { continue }
            let file = files[part.rawValue].map { "\($0), " } ?? ""
            rows.append((part.rawValue, "\(file)SHA-256 \(digest)"))
        }
        rows = rows.map { ($0.printable(), $1.printable(atMost: 5_000)) }
        let width = rows.map(\.0.count).max() ?? 0
        let lines = rows.map { $0 + String(repeating: " ", count: width - $0.count + 2) + $1 }
        return (lines + (remarks ?? []).map(\.line)).joined(separator: "\n")
    }
}

extension Summary: Encodable {
    private enum CodingKeys: String, CodingKey {
        case name, planHash, sha256, files, labels, classNames, samplesPerSecond, seconds, stages, remarks
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encodeIfPresent(planHash, forKey: .planHash)
        try container.encode(sha256, forKey: .sha256)
        try container.encode(files, forKey: .files)
        try container.encodeIfPresent(labels, forKey: .labels)
        try container.encodeIfPresent(classNames, forKey: .classNames)
        try container.encodeIfPresent(samplesPerSecond, forKey: .samplesPerSecond)
        try container.encodeIfPresent(seconds, forKey: .seconds)
        try container.encode(stages, forKey: .stages)
        try container.encodeIfPresent(remarks, forKey: .remarks)
        // Such as `fromScratchError`.
        var named = encoder.container(keyedBy: NamedValues.Key.self)
        for trial in trials {
            for (group, errors) in trial.groups {
                let words = group.split(separator: " ") + [trial.metric.columnName[...]]
                let key = words.dropFirst().reduce(String(words[0])) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
                try named.encode(errors, forKey: NamedValues.Key(stringValue: key))
            }
        }
    }
}

extension Summary.Stage: Encodable {
    private enum CodingKeys: String, CodingKey {
        case name, seconds, rounds, ratio, note
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encodeIfPresent(seconds, forKey: .seconds)
        try container.encode(rounds, forKey: .rounds)
        try container.encodeIfPresent(ratio, forKey: .ratio)
        try container.encodeIfPresent(note, forKey: .note)
        try NamedValues(metrics: values).encode(to: encoder)
    }
}

extension MetricDescription {
    /// Whether it is a share that a line of text tells.
    var isToldShare: Bool { phrase != nil && format == .share }

    /// A value as it is printed, with the phrase that follows it.
    func text(_ value: Double) -> String {
        let isShare = format == .share
        let number = (isShare ? value * 100 : value).formatted(decimals: format == .number ? 3 : 0)
        return number + (isShare ? " %" : "") + (phrase.map { " \($0)" } ?? "")
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
