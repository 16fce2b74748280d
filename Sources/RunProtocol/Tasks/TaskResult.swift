/// What a task hands back.
package struct TaskResult: Hashable, Sendable {
    package var figures: TaskFigures
    /// Flat f32: what the task returns, such as the change of the weights; empty where it only measures.
    package var vector: [Float]

    package init(figures: TaskFigures, vector: [Float]) { (self.figures, self.vector) = (figures, vector) }
}

/// What a task measured. Everything but the seconds is a function of the task.
///
/// In JSON the named values stand beside the other keys, as in `{"samples": 20, "seconds": 1.5, "loss": 0.25}`. What they
/// are say the descriptions of the task's stage (`StageOutputs`).
package struct TaskFigures: Hashable, Sendable {
    /// How many samples were worked on (epochs count each time): the update's weight in the average. Of
    /// labeled samples all count, set aside or not, and guessed labels do not.
    package var samples: Int
    /// How long the work took, without fetching and sending.
    package var seconds: Double
    /// How long it took before that to fetch and encode what the task reads; nil from workers that do not say so.
    package var preparationSeconds: Double?
    package var metrics: [String: Double]
    package var series: [String: [Double]]
    package var tables: [String: [[Int]]]

    /// - Parameter metrics: those that are nil are left out.
    package init(
        samples: Int, metrics: [String: Double?] = [:], series: [String: [Double]] = [:],
        tables: [String: [[Int]]] = [:], seconds: Double = 0
    ) {
        (self.samples, self.seconds, self.series, self.tables) = (samples, seconds, series, tables)
        self.metrics = metrics.compactMapValues(\.self)
    }
}

extension TaskFigures: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable { case samples, seconds, preparationSeconds }

    /// - Throws: whenever it is malformed (`NamedValues`).
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let values = try NamedValues(from: decoder, besides: CodingKeys.self)
        self.init(
            samples: try container.decode(Int.self, forKey: .samples), metrics: values.metrics, series: values.series,
            tables: values.tables, seconds: try container.decode(Double.self, forKey: .seconds))
        preparationSeconds = try container.decodeIfPresent(Double.self, forKey: .preparationSeconds)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(samples, forKey: .samples)
        try container.encode(seconds, forKey: .seconds)
        try container.encodeIfPresent(preparationSeconds, forKey: .preparationSeconds)
        try NamedValues(metrics: metrics, series: series, tables: tables).encode(to: encoder)
    }
}
