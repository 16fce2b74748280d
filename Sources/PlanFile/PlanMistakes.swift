/// One thing that is wrong in a plan.
package struct PlanMistake: Codable, Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    package let line: Int
    /// Such as `data.shards`.
    package let key: String
    /// What is wrong and what would be right.
    package let message: String

    package var description: String {
        key.isEmpty ? "line \(line): \(message)" : "line \(line): \(key): \(message)"
    }
}

/// All that is wrong in a plan, from top to bottom.
package struct PlanMistakes: Error, Codable, Hashable, Sendable, CustomStringConvertible {
    package let mistakes: [PlanMistake]

    package var description: String { mistakes.map(\.description).joined(separator: "\n") }
}
