import Pictures
package import RunProtocol
import Training

/// The autoencoders of a network's lowest layers, one above the other: what a run has learnt up to some stage.
package struct LearntStack: Sendable {
    /// Only the layers that have been trained.
    package let network: NetworkSpec
    /// One for each layer, from the input upwards.
    let decoders: [DecoderSpec]
    /// What each layer's decoder sees of its code; nil: all.
    let sparsity: [Sparsity]?
    /// The layers' `autoencoderParameters`, flat, from the input upwards.
    let weights: [Float]

    /// Of networks with more weights no picture is drawn: it takes several times the memory that they take.
    package static let mostWeights = 1 << 26

    /// - Parameters:
    ///   - network: may have more layers than `decoders`, which are left away.
    ///   - weights: the layers' `autoencoderParameters`, flat, from the input upwards.
    package init(network: NetworkSpec, decoders: [DecoderSpec], sparsity: [Sparsity]?, weights: [Float]) {
        precondition((1...network.layers.count).contains(decoders.count), "a stack without layers")
        self.network = NetworkSpec(
            inputSize: network.inputSize, image: network.image, layers: Array(network.layers.prefix(decoders.count)))
        self.decoders = decoders
        self.sparsity = sparsity
        self.weights = weights
        let count = network.autoencoderParameters(first: 0, decoders: decoders).elementCount
        precondition(weights.count == count, "\(weights.count) weights for another stack")
    }

    var top: Int { decoders.count - 1 }

    /// How a sample lies on a tile.
    var sampleTile: TileShape { TileShape(image: network.image, count: network.inputSize) }

    /// Layer `layer`'s tensors, by the order of `autoencoderParameters`.
    func tensors(ofLayer layer: Int) -> [(parameter: ParameterSpec, values: ArraySlice<Float>)] {
        var place = network.autoencoderParameters(first: 0, decoders: Array(decoders.prefix(layer))).elementCount
        return network.autoencoderParameters(layer: layer, decoder: decoders[layer].constraint).map { parameter in
            defer { place += parameter.count }
            return (parameter, weights[place..<place + parameter.count])
        }
    }

    /// The encoders alone: `stackParameters`, flat.
    var encoders: [Float] {
        network.layers.indices.flatMap { layer in tensors(ofLayer: layer).prefix(2).flatMap(\.values) }
    }
}
