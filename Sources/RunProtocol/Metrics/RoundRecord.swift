/// What a round gave. In JSON its metrics stand beside the other keys.
package struct RoundRecord: Hashable, Sendable {
    package var round: Int
    package var samples: Int
    /// By the names that the stage describes. What is measured on weights is of those after this round.
    package var metrics: [String: Double]
    /// Wall-clock seconds from the round's start to its weights.
    package var seconds: Double?
    /// Of the updates that came in for it.
    package var bytes: Int?

    package init(
        round: Int, samples: Int = 0, metrics: [String: Double] = [:], seconds: Double? = nil, bytes: Int? = nil
    ) {
        self.round = round
        self.samples = samples
        self.metrics = metrics
        self.seconds = seconds
        self.bytes = bytes
    }
}

extension RoundRecord: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case round, samples, seconds, bytes
    }

    /// - Throws: whenever it is malformed (`NamedValues`).
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            round: try container.decode(Int.self, forKey: .round),
            samples: try container.decode(Int.self, forKey: .samples),
            metrics: try NamedValues(from: decoder, besides: CodingKeys.self).metrics,
            seconds: try container.decodeIfPresent(Double.self, forKey: .seconds),
            bytes: try container.decodeIfPresent(Int.self, forKey: .bytes))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(round, forKey: .round)
        try container.encode(samples, forKey: .samples)
        try container.encodeIfPresent(seconds, forKey: .seconds)
        try container.encodeIfPresent(bytes, forKey: .bytes)
        try NamedValues(metrics: metrics).encode(to: encoder)
    }
}

extension StageStatus {
    package var metrics: [MetricDescription] { outputs?.metrics ?? [] }

    /// Whether each task's result stands for itself.
    package var isCollected: Bool { outputs?.isCollected ?? false }

    /// What the stage is judged by.
    package var primary: MetricDescription? { outputs?.primary }

    /// The last value of a metric that is known.
    package func last(_ metric: MetricDescription?) -> Double? {
        guard let metric else { return nil }
        return history.reversed().lazy.compactMap { $0.metrics[metric.name] }.first
    }

    /// What a metric's values are to be compared with.
    package func baseline(of metric: MetricDescription?) -> Double? {
        metric?.baseline.flatMap { baselines?[$0.name] }
    }

    /// A value as a multiple of the metric's baseline; nil where that is unknown or 0.
    package func ratio(of value: Double?, _ metric: MetricDescription?) -> Double? {
        guard let value, let baseline = baseline(of: metric), baseline > 0 else { return nil }
        return value / baseline
    }
}
