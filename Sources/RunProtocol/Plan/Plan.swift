/// All that a run depends on, checked and with every default filled in: what all plans say, and the settings of its kind of
/// model, which nothing else reads.
package struct Plan: ExtensibleJSON, Hashable, Sendable {
    private enum CodingKeys: String, CodingKey, CaseIterable { case name, seed, model, verify, instructionSet }

    /// What people call it; no weight depends on it.
    package var name: String
    package var seed: UInt64
    /// The kind of model; nil: the one that plans without a word of it are of.
    package var model: String?
    /// Which share of the tasks, 0 ... 1, two workers must do and agree about; nil for none. No weight depends on it.
    package var verify: Double?
    /// What all workers compute with; nil: each with the best it has, and the weights are those of one kind of processor.
    package var instructionSet: InstructionSet?
    /// The other keys of its JSON, beside these.
    package var settings: [String: JSONValue]

    package init(
        name: String, seed: UInt64, model: String? = nil, verify: Double? = nil,
        instructionSet: InstructionSet? = nil, settings: [String: JSONValue] = [:]
    ) {
        (self.name, self.seed, self.model) = (name, seed, model)
        (self.verify, self.instructionSet, self.settings) = (verify, instructionSet, settings)
    }

    package init(from decoder: any Decoder) throws {
        let common = try decoder.container(keyedBy: CodingKeys.self)
        name = try common.decode(String.self, forKey: .name)
        seed = try common.decode(UInt64.self, forKey: .seed)
        model = try common.decodeIfPresent(String.self, forKey: .model)
        verify = try common.decodeIfPresent(Double.self, forKey: .verify)
        instructionSet = try common.decodeIfPresent(InstructionSet.self, forKey: .instructionSet)
        settings = try [String: JSONValue](from: decoder)
        for key in CodingKeys.allCases { settings[key.rawValue] = nil }
    }

    package func encode(to encoder: any Encoder) throws {
        var common = encoder.container(keyedBy: CodingKeys.self)
        try common.encode(name, forKey: .name)
        try common.encode(seed, forKey: .seed)
        try common.encodeIfPresent(model, forKey: .model)
        try common.encodeIfPresent(verify, forKey: .verify)
        try common.encodeIfPresent(instructionSet, forKey: .instructionSet)
        try settings.encode(to: encoder)
    }
}

/// For which processors the matrix products are made: the order of their sums, and so a run's bits, follow it.
package enum InstructionSet: String, Codable, Sendable, CaseIterable { case sse41, avx, avx2, avx512, neon }
