/// The name of a run: `run-` and eight hexadecimal digits, or what a test calls it.
package struct RunID: Hashable, Sendable, Codable, RawRepresentable, CustomStringConvertible {
    package let rawValue: String

    /// - Returns: nil unless `rawValue` is 1 to 40 letters, digits and hyphens.
    package init?(rawValue: String) {
        guard Identifier.isValid(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    package var description: String { rawValue }
}

/// The name of a worker: given to it by the coordinator when it registers.
package struct WorkerID: Hashable, Sendable, Codable, RawRepresentable, CustomStringConvertible {
    package let rawValue: String

    /// - Returns: nil unless `rawValue` is 1 to 40 letters, digits and hyphens.
    package init?(rawValue: String) {
        guard Identifier.isValid(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    package var description: String { rawValue }
}

/// Where a task stands: run, stage, round and place in the round. Written `run-1a2b3c4d.s0.r3.t1`.
/// Rounds count from 1. The round after a stage's last holds only the measurement of its final weights.
package struct TaskID: Hashable, Sendable, WrittenAsText {
    package static let form = "a task is written RUN.sSTAGE.rROUND.tINDEX"

    package let run: RunID
    package let stage: Int
    package let round: Int
    package let index: Int

    package init(run: RunID, stage: Int, round: Int, index: Int) {
        (self.run, self.stage, self.round, self.index) = (run, stage, round, index)
    }

    /// - Returns: nil unless `text` is what `description` gives.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, let run = RunID(rawValue: String(parts[0])) else { return nil }
        func number(_ part: Substring, after letter: Character) -> Int? {
            let digits = part.dropFirst()
            guard part.first == letter, digits.count <= 9, digits.allSatisfy(\.isNumber) else { return nil }
            return Int(digits)
        }
        guard let stage = number(parts[1], after: "s"), let round = number(parts[2], after: "r"),
            let index = number(parts[3], after: "t")
        else { return nil }
        self.init(run: run, stage: stage, round: round, index: index)
        guard description == text else { return nil }
    }

    package var description: String { "\(run).s\(stage).r\(round).t\(index)" }
}

/// What is one text in JSON.
package protocol WrittenAsText: Codable, CustomStringConvertible {
    /// What is said of a text that is none.
    static var form: String { get }

    /// - Returns: nil unless `text` is what `description` gives.
    init?(_ text: String)
}

extension WrittenAsText {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: Self.form))
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

private enum Identifier {
    static func isValid(_ text: String) -> Bool {
        (1...40).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
            }
    }
}
