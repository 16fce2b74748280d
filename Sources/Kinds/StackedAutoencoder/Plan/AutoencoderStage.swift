package import RunProtocol

/// A stage that trains an autoencoder: of one layer, on the codes of those below or on the samples, or of all layers
/// together.
package struct AutoencoderStage: Hashable, Sendable {
    /// The lowest layer of the autoencoder: it reconstructs what that one reads.
    package var layer: Int
    /// One for each of the autoencoder's layers, from the lowest upwards.
    package var decoders: [DecoderSpec]
    /// How many of its encoders, from the lowest upwards, stay as they are.
    package var frozenEncoders: Int
    package var settings: StageSettings

    package init(layer: Int, decoders: [DecoderSpec], frozenEncoders: Int = 0, settings: StageSettings) {
        (self.layer, self.decoders, self.frozenEncoders, self.settings) = (layer, decoders, frozenEncoders, settings)
    }

    /// Those whose encoders are trained.
    package var trainedLayers: Range<Int> { layer + frozenEncoders..<layer + decoders.count }

    /// What people call it.
    package var name: String { trainedLayers.count > 1 ? "all layers" : "layer \(trainedLayers.lowerBound + 1)" }

    /// What its tasks work on, for people: `layer 1`, `layers 1 to 3`.
    package var place: String {
        decoders.count == 1 ? "layer \(layer + 1)" : "layers \(layer + 1) to \(layer + decoders.count)"
    }

    /// Its weights, in their order.
    package func parameters(of network: NetworkSpec) -> [ParameterSpec] {
        network.autoencoderParameters(first: layer, decoders: decoders)
    }
}

extension StackedPlan {
    /// The stages before any labels are needed, in their order: each layer's, then the joint one where there is one.
    package var autoencoderStages: [AutoencoderStage] {
        var decoders = decoders
        let greedy = zip(decoders, stages).enumerated().map { layer, parts in
            parts.1.target == .samples
                ? AutoencoderStage(
                    layer: 0, decoders: Array(decoders.prefix(layer + 1)), frozenEncoders: layer, settings: parts.1)
                : AutoencoderStage(layer: layer, decoders: [parts.0], settings: parts.1)
        }
        guard let joint else { return greedy }
        decoders[0].activation = joint.outputActivation
        return greedy + [AutoencoderStage(layer: 0, decoders: decoders, settings: joint)]
    }

    /// What each layer's decoder has learnt to see of its code, from the input upwards; nil where all see all of it.
    package var sparsity: [Sparsity]? {
        let sparsity = autoencoderStages.sparsity
        return sparsity.allSatisfy { $0 == .none } ? nil : sparsity
    }

    /// How each layer's decoder goes with its encoder, from the input upwards.
    package var decoders: [DecoderSpec] {
        stages.map { DecoderSpec(constraint: $0.decoder, activation: $0.outputActivation) }
    }
}

extension Sequence where Element == AutoencoderStage {
    /// What each layer's decoder has learnt to see of its code when these stages, the first of a plan, have ended: of
    /// several that a stage trains at once, only the highest sees a code as it was selected.
    package var sparsity: [Sparsity] {
        reduce(into: []) { layers, stage in
            layers =
                layers.prefix(stage.layer) + stage.decoders.dropLast().map { _ in .none } + [stage.settings.sparsity]
        }
    }
}
