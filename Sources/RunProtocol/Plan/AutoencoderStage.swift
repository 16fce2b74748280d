/// A stage that trains an autoencoder: of one layer on the codes of those below, or of all layers together.
package struct AutoencoderStage: Hashable, Sendable {
    /// The lowest layer that is trained.
    package var layer: Int
    /// One for each trained layer, from the lowest upwards.
    package var decoders: [DecoderSpec]
    package var settings: StageSettings

    package init(layer: Int, decoders: [DecoderSpec], settings: StageSettings) {
        self.layer = layer
        self.decoders = decoders
        self.settings = settings
    }

    /// What people call it.
    package var name: String { decoders.count > 1 ? "all layers" : "layer \(layer + 1)" }

    /// Its weights, in their order.
    package func parameters(of network: NetworkSpec) -> [ParameterSpec] {
        network.autoencoderParameters(first: layer, decoders: decoders)
    }
}

extension Plan {
    /// The stages before any labels are needed, in their order: each layer's, then the joint one where there is one.
    package var autoencoderStages: [AutoencoderStage] {
        var decoders = decoders
        let greedy = zip(decoders, stages).enumerated().map { layer, parts in
            AutoencoderStage(layer: layer, decoders: [parts.0], settings: parts.1)
        }
        guard let joint else { return greedy }
        decoders[0].activation = joint.outputActivation
        return greedy + [AutoencoderStage(layer: 0, decoders: decoders, settings: joint)]
    }

    /// What each layer's decoder has learnt to see of its code, from the input upwards; nil where all see all of it.
    package var sparsity: [Sparsity]? {
        let layers = joint.map { joint in stages.dropLast().map { _ in Sparsity.none } + [joint.sparsity] }
        let sparsity = layers ?? stages.map(\.sparsity)
        return sparsity.allSatisfy { $0 == .none } ? nil : sparsity
    }

    /// How each layer's decoder goes with its encoder, from the input upwards.
    package var decoders: [DecoderSpec] {
        stages.map { DecoderSpec(constraint: $0.decoder, activation: $0.outputActivation) }
    }
}
