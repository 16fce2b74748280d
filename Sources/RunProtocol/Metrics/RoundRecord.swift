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
        (self.round, self.samples, self.metrics, self.seconds, self.bytes) = (round, samples, metrics, seconds, bytes)
    }
}

extension RoundRecord: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable { case round, samples, seconds, bytes }

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

    /// Whether another metric's values are compared with this one's.
    package func isBaseline(_ metric: MetricDescription) -> Bool { metrics.contains { $0.baseline == metric.name } }

    /// The last round in which a metric is known.
    package func last(_ metric: MetricDescription?) -> RoundRecord? {
        metric.flatMap { metric in history.last { $0.metrics[metric.name] != nil } }
    }
}

extension RoundRecord {
    /// A metric's value as a multiple of its baseline; nil where one is unknown or the baseline is 0.
    package func ratio(of metric: MetricDescription?) -> Double? {
        guard let metric, let value = metrics[metric.name], let baseline = metric.baseline.flatMap({ metrics[$0] }),
            baseline > 0
        else { return nil }
        return value / baseline
    }
}
