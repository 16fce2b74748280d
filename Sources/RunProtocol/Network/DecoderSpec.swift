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
