import FoundationEssentials
import PrintableText
import RunProtocol

/// What came of a run: `summary.json`, and the table that people read.
struct Summary: Codable {
    /// The test error over the draws of labeled examples, as shares of the test set.
    struct Errors: Codable {
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
        var text: String {
            let spread = standardDeviation.map { " ± \(($0 * 100).formatted(decimals: 1))" } ?? ""
            return "\((mean * 100).formatted(decimals: 1)) %\(spread)"
        }
    }

    /// One stage's time and end.
    struct Stage: Codable {
        var name: String
        var seconds: Double?
        var rounds: Int
        var heldOutError: Double?
        /// Error of predicting each feature's mean, and the held-out error as a multiple of it.
        var meanError: Double?
        var ratio: Double?
        var activeShare: Double?
        var deadUnits: Int?
        var note: String?
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
    var pretrainedError: Errors?
    var fromScratchError: Errors?
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
        pretrainedError = Errors(run.results.filter(\.pretrained).map(\.error))
        fromScratchError = Errors(run.results.filter { !$0.pretrained }.map(\.error))
        let rounds = run.stages.flatMap(\.history).filter { $0.duration != nil }
        let training = rounds.reduce(0) { $0 + ($1.duration ?? 0) }
        if training > 0 { samplesPerSecond = rounds.reduce(0) { $0 + Double($1.samples) } / training }
        seconds = run.duration
        stages = run.stages.map { stage in
            let last = stage.history.last { $0.heldOutError != nil }
            return Stage(
                name: stage.name, seconds: stage.duration, rounds: stage.history.count(where: stage.hasClosed),
                heldOutError: last?.heldOutError,
                meanError: stage.meanError, ratio: stage.ratio(of: last?.heldOutError),
                activeShare: last?.activeShare, deadUnits: last?.deadUnits, note: stage.note)
        }
        remarks = run.remarks
    }

    /// The figures as people read them, then the remarks, a line each.
    var table: String {
        var rows = stages.map { stage -> (String, String) in
            var parts: [String] = []
            if let seconds = stage.seconds { parts.append("\(seconds.formatted(decimals: 1)) s") }
            if stage.rounds > 0 { parts.append("\(stage.rounds) rounds") }
            if let error = stage.heldOutError { parts.append("held-out error \(error.formatted(decimals: 3))") }
            if let mean = stage.meanError { parts.append("predicting the mean \(mean.formatted(decimals: 3))") }
            if let ratio = stage.ratio { parts.append("ratio \(ratio.formatted(decimals: 3))") }
            if let share = stage.activeShare { parts.append("\((share * 100).formatted(decimals: 0)) % active") }
            if let note = stage.note { parts.append(note) }
            return (stage.name, parts.joined(separator: ", "))
        }
        if let samplesPerSecond { rows.append(("pretraining", "\(samplesPerSecond.formatted(decimals: 0)) samples/s")) }
        if let labels, let pretrainedError {
            let draws = pretrainedError.draws.count
            rows.append(("test error", "with \(labels) labels, mean and standard deviation of \(draws) draws"))
            if let fromScratchError { rows.append(("  from scratch", fromScratchError.text)) }
            rows.append(("  pretrained", pretrainedError.text))
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
