package import RunProtocol

/// How one layer's decoder goes with its encoder.
package struct DecoderSpec: Codable, Hashable, Sendable {
    /// Where `tied`, the weight is the encoder's, transposed.
    package var constraint: DecoderConstraint
    /// What the decoder ends with.
    package var activation: Activation

    package init(constraint: DecoderConstraint, activation: Activation) {
        self.constraint = constraint
        self.activation = activation
    }
}

/// What keeps a network from escaping the L1 penalty by shrinking its codes.
package enum DecoderConstraint: String, Codable, Sendable, CaseIterable {
    /// Each code unit's decoder weights are kept at Euclidean length one.
    case unitNorm = "unit_norm"
    /// The decoder's weight is the encoder's, transposed.
    case tied
    case free
}
