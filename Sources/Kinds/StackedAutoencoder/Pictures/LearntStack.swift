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

    /// - Parameter network: may have more layers than `decoders`, which are left away.
    package init(network: NetworkSpec, decoders: [DecoderSpec], sparsity: [Sparsity]?, weights: [Float]) {
        precondition((1...network.layers.count).contains(decoders.count), "a stack without layers")
        self.network = NetworkSpec(
            inputSize: network.inputSize, image: network.image, layers: Array(network.layers.prefix(decoders.count)))
        (self.decoders, self.sparsity, self.weights) = (decoders, sparsity, weights)
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

    /// Samples through all layers and back.
    var reconstruction: Reconstruction {
        let (graph, values) = network.autoencoderGraph(layer: 0, decoders: decoders, sparsity: sparsity ?? [])
        return Reconstruction(graph, target: values.target, output: values.output, weights: weights)
    }

    /// Codes of the highest layer decoded by all layers, from the top downwards.
    /// - Parameter codes: (count, `codeSize(ofLayer:)` of the highest layer): before it is pooled.
    /// - Returns: (count, inputSize), row-major.
    func decode(_ codes: [Float]) throws -> [Float] {
        let size = network.codeSize(ofLayer: top)
        let count = codes.count / size
        precondition(count > 0 && count * size == codes.count, "\(codes.count) numbers are no codes of \(size)")
        let samples = Samples(count: count, size: size, numbers: .float32(codes), divisor: 1)
        let work = EncodeWork(
            graph: network.decoderGraph(decoders: decoders), weights: Digest(of: []),
            data: FieldSet(count: count, fields: []))
        return try TaskFunctions.encode(
            work, weights: weights, data: TaskData([samples]), isCancelled: { false }
        ).vector
    }
}
