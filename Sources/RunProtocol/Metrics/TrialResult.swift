/// What one task of a stage that collects its results gave. In JSON its named values stand beside the other keys.
package struct TrialResult: Hashable, Sendable {
    /// From 0.
    package var stage: Int
    /// Which draw of labeled samples, from 0.
    package var trial: Int
    /// What the trials are compared by, such as `pretrained` or `from scratch`.
    package var group: String
    /// Whether training started from weights of an earlier stage.
    package var pretrained: Bool
    /// How many labeled samples the trial has.
    package var labels: Int
    /// How many samples the task worked on.
    package var samples: Int
    package var values: NamedValues

    package init(stage: Int, _ trial: Trial, samples: Int, values: NamedValues) {
        (self.stage, self.trial, self.group) = (stage, trial.number, trial.group)
        (self.pretrained, self.labels) = (trial.isPretrained, trial.labels)
        (self.samples, self.values) = (samples, values)
    }

    /// What other programs call where training started.
    package var start: String { pretrained ? Self.starts[0] : Self.starts[1] }
    package static let starts = ["pretrained", "scratch"]
}

extension TrialResult: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case stage
        case trial = "draw"
        case group, pretrained, labels, samples
    }

    /// - Throws: whenever it is malformed, or a table is not one of counts: all that is computed from it counts on that.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            stage: try container.decode(Int.self, forKey: .stage),
            Trial(
                try container.decode(Int.self, forKey: .trial),
                group: try container.decode(String.self, forKey: .group),
                isPretrained: try container.decode(Bool.self, forKey: .pretrained),
                labels: try container.decode(Int.self, forKey: .labels)),
            samples: try container.decode(Int.self, forKey: .samples),
            values: try NamedValues(from: decoder, besides: CodingKeys.self))
        let areCounts = values.tables.values.allSatisfy { table in
            table.allSatisfy { $0.count == table[0].count && $0.allSatisfy { (0...Limits.samples).contains($0) } }
        }
        guard areCounts else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a table has rows of equally many counts"))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(stage, forKey: .stage)
        try container.encode(trial, forKey: .trial)
        try container.encode(group, forKey: .group)
        try container.encode(pretrained, forKey: .pretrained)
        try container.encode(labels, forKey: .labels)
        try container.encode(samples, forKey: .samples)
        try values.encode(to: encoder)
    }
}

extension RunStatus {
    /// What the values of a result are.
    package func outputs(of result: TrialResult) -> StageOutputs {
        stages.indices.contains(result.stage) ? stages[result.stage].outputs ?? StageOutputs() : StageOutputs()
    }

    /// What one number says of any of the results, each name once.
    package var trialMetrics: [MetricDescription] {
        stages.flatMap { $0.outputs?.trialMetrics ?? [] }.reduce(into: []) { found, metric in
            if !found.contains(where: { $0.name == metric.name }) { found.append(metric) }
        }
    }

    /// A result's value of one of its stage's `trialMetrics`; nil where it has none.
    package func value(of metric: MetricDescription, in result: TrialResult) -> Double? {
        let outputs = outputs(of: result)
        guard outputs.trialMetrics.contains(where: { $0.name == metric.name }) else { return nil }
        let table = outputs.tables.first { $0.error?.name == metric.name }
        return table.map { result.values.tables[$0.name]?.errorRate } ?? result.values.metrics[metric.name]
    }

    /// A metric's values of all results, by their groups in the order in which they came.
    package func values(of metric: MetricDescription) -> [(group: String, values: [Double])] {
        results.reduce(into: []) { groups, result in
            guard let value = value(of: metric, in: result) else { return }
            if let place = groups.firstIndex(where: { $0.group == result.group }) {
                groups[place].values.append(value)
            } else {
                groups.append((result.group, [value]))
            }
        }
    }
}
