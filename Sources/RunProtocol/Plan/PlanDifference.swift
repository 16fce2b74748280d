/// A key of a plan's text that says something else in a later one.
package struct PlanDifference: Codable, Hashable, Sendable, CustomStringConvertible {
    /// Such as `data.shards` or `layers[1].units`, counted from 0 as in a mistake.
    package var key: String
    /// Nil where the key was not there.
    package var before: String?
    package var after: String?

    package init(key: String, before: String?, after: String?) {
        (self.key, self.before, self.after) = (key, before, after)
    }

    package var description: String { "\(key): \(before ?? "not there") before, \(after ?? "not there") now" }
}

/// The run before a new one, from a plan of the same folder and name.
package struct EarlierRun: Codable, Hashable, Sendable, CustomStringConvertible {
    private static let listed = 8

    package var run: RunID
    package var state: RunStatus.State
    /// Empty where both say the same.
    package var differences: [PlanDifference]

    package init(run: RunID, state: RunStatus.State, differences: [PlanDifference]) {
        (self.run, self.state, self.differences) = (run, state, differences)
    }

    package var description: String {
        let rest = differences.count - Self.listed
        let changes = differences.prefix(Self.listed).map(\.description) + (rest > 0 ? ["and \(rest) more"] : [])
        let difference = changes.isEmpty ? "the same settings" : "other settings (\(changes.joined(separator: "; ")))"
        let other = state.isFinal ? "" : "; both go on, and `cairn cancel \(run)` ends the earlier one"
        return "\(run), from a plan of the same folder and name, is \(state.rawValue) and has \(difference);"
            + " this is a new run\(other)"
    }
}
