package import RunProtocol

/// What a plan of stacked autoencoders says, checked and with every default filled in.
package struct StackedPlan: Codable, Hashable, Sendable {
    /// What people call it; no weight depends on it.
    package var name: String
    package var seed: UInt64
    package var data: DataPlan
    package var layers: [LayerSpec]
    /// How each layer's autoencoder is trained; one for each of `layers`.
    package var stages: [StageSettings]
    /// How the whole stack is trained afterwards, from its input to the highest code and back; nil: it is left as it is.
    package var joint: StageSettings?
    /// Nil where the plan ends with the pretrained weights.
    package var fineTuning: FineTuningSettings?
    /// Samples whose codes the run computes at its end; nil for none.
    package var outputs: [OutputPlan]?
    /// Which share of the tasks, 0 ... 1, two workers must do and agree about; nil for none. No weight depends on it.
    package var verify: Double?
    /// What all workers compute with; nil: each with the best it has, and the weights are those of one kind of processor.
    package var instructionSet: InstructionSet?

    package init(
        name: String, seed: UInt64, data: DataPlan, layers: [LayerSpec], stages: [StageSettings],
        joint: StageSettings? = nil, fineTuning: FineTuningSettings?, outputs: [OutputPlan]? = nil,
        verify: Double? = nil, instructionSet: InstructionSet? = nil
    ) {
        (self.name, self.seed, self.data, self.layers, self.stages) = (name, seed, data, layers, stages)
        (self.joint, self.fineTuning, self.outputs, self.verify) = (joint, fineTuning, outputs, verify)
        self.instructionSet = instructionSet
    }
}
