package import RunProtocol

extension NetworkSpec {
    /// A sample that goes into layer `layer`.
    private func inputShape(ofLayer layer: Int) -> [Int] {
        image(ofLayer: layer)?.shape ?? [inputSize(ofLayer: layer)]
    }

    private func input(ofLayer layer: Int) -> Graph {
        Graph(inputs: [Graph.Input(field: Field.samples, shape: inputShape(ofLayer: layer))])
    }

    // MARK: Encoders

    /// Adds layer `layer`'s encoder on top of a value.
    /// - Parameter parameters: the places of its weight and bias.
    private func appendEncoder(_ layer: Int, of value: Int, parameters: [Int], to graph: inout Graph) -> Int {
        let spec = layers[layer]
        let linear: LinearOperation =
            spec.window.map { .convolution(channels: spec.units, kernel: $0.kernel, stride: $0.stride) }
            ?? .dense(shape: [spec.units], isTransposed: false)
        return graph.append(
            "encoder.\(layer)", .linear(linear, activation: spec.activation), of: [value], parameters: parameters)
    }

    private func appendPooling(_ layer: Int, of value: Int, to graph: inout Graph) -> Int {
        guard let window = layers[layer].window, window.pooling > 1 else { return value }
        return graph.append("pooling.\(layer)", .maxPool(window: window.pooling), of: [value])
    }

    /// The encoders of some layers, each with its pooling. Parameters: theirs.
    package func encoderGraph(layers range: Range<Int>) -> Graph {
        var graph = input(ofLayer: range.lowerBound)
        var value = 0
        for layer in range {
            let first = graph.parameters.count
            graph.parameters += encoderParameters(layer: layer)
            value = appendEncoder(layer, of: value, parameters: [first, first + 1], to: &graph)
            value = appendPooling(layer, of: value, to: &graph)
        }
        return graph
    }

    // MARK: Autoencoders

    /// The values of an autoencoder's graph that others speak of.
    package struct AutoencoderValues: Hashable, Sendable {
        /// What it is to give back.
        package var target: Int
        /// Of the highest layer, before `Sparsity` and after.
        package var code: Int
        package var kept: Int
        package var output: Int
    }

    /// The encoders of the layers from `layer` upwards, one for each of `decoders`, and the decoders from the top downwards.
    /// Parameters: `autoencoderParameters(first: layer, decoders:)`.
    package func autoencoderGraph(
        layer: Int, decoders: [DecoderSpec], corruption: Corruption = .none, shift: Int? = nil,
        sparsity: [Sparsity] = []
    ) -> (graph: Graph, values: AutoencoderValues) {
        var graph = input(ofLayer: layer)
        graph.parameters = autoencoderParameters(first: layer, decoders: decoders)
        let starts = decoders.reduce(into: [0]) { starts, decoder in
            starts.append(starts[starts.count - 1] + (decoder.constraint == .tied ? 3 : 4))
        }
        var value = 0
        if let shift { value = graph.append("shift", .shift(most: shift, stream: RandomStream.shift), of: [value]) }
        let target = value
        if corruption != .none {
            value = graph.append("corruption", .corrupt(corruption, stream: RandomStream.corruption), of: [value])
        }
        var code = value
        for index in decoders.indices {
            if index > 0 { value = appendPooling(layer + index - 1, of: value, to: &graph) }
            value = appendEncoder(
                layer + index, of: value, parameters: [starts[index], starts[index] + 1], to: &graph)
            code = value
            let kept = sparsity.indices.contains(index) ? sparsity[index] : .none
            // Below the highest layer it is the layer's decoder alone that sees less.
            if index == decoders.count - 1, kept != .none {
                value = graph.append("sparsity.\(layer + index)", .sparsify(kept), of: [value])
            }
        }
        let kept = value
        for index in decoders.indices.reversed() {
            if index + 1 < decoders.count { value = appendUnpooling(layer + index, of: value, to: &graph) }
            if index + 1 < decoders.count, sparsity.indices.contains(index), sparsity[index] != .none {
                value = graph.append("sparsity.\(layer + index)", .sparsify(sparsity[index]), of: [value])
            }
            let weight = starts[index] + (decoders[index].constraint == .tied ? 0 : 2)
            value = graph.append(
                "decoder.\(layer + index)",
                .linear(
                    decoder(layer + index, isTied: decoders[index].constraint == .tied),
                    activation: decoders[index].activation),
                of: [value], parameters: [weight, starts[index + 1] - 1])
        }
        return (graph, AutoencoderValues(target: target, code: code, kept: kept, output: value))
    }

    /// The decoders alone, from the codes of the highest layer. Parameters: as of the whole autoencoder.
    package func decoderGraph(decoders: [DecoderSpec]) -> Graph {
        let (whole, values) = autoencoderGraph(layer: 0, decoders: decoders)
        let shape = (try? whole.shapes())?[values.code] ?? []
        var graph = Graph(inputs: [Graph.Input(field: Field.samples, shape: shape)], parameters: whole.parameters)
        for node in whole.nodes[(values.code - whole.inputs.count + 1)...] {
            var node = node
            node.inputs = node.inputs.map { $0 - values.code }
            graph.nodes.append(node)
        }
        return graph
    }

    private func appendUnpooling(_ layer: Int, of value: Int, to graph: inout Graph) -> Int {
        guard let window = layers[layer].window, window.pooling > 1, let image = image(ofLayer: layer)
        else { return value }
        let whole = window.output(of: image, channels: layers[layer].units)
        return graph.append(
            "unpooling.\(layer)",
            .upsample(factor: window.pooling, height: whole.height, width: whole.width), of: [value])
    }

    private func decoder(_ layer: Int, isTied: Bool) -> LinearOperation {
        guard let window = layers[layer].window, let image = image(ofLayer: layer)
        else { return .dense(shape: inputShape(ofLayer: layer), isTransposed: isTied) }
        return window.decoder == .transposed
            ? .transposedConvolution(image: image, kernel: window.kernel, stride: window.stride)
            : .upsampledConvolution(image: image, kernel: window.kernel, factor: window.stride)
    }

    // MARK: Classifier

    /// All encoders with a linear output for each class above them. Parameters: `classifierParameters`.
    /// - Parameters:
    ///   - noise: standard deviation of what is added to the samples.
    ///   - dropout: of each hidden layer's input.
    package func classifierGraph(
        classes: Int, noise: Double = 0, inputDropout: Double = 0, dropout: Double = 0
    ) -> Graph {
        var graph = input(ofLayer: 0)
        graph.parameters = classifierParameters(classes: classes)
        var value = 0
        if noise > 0 {
            value = graph.append(
                "noise", .corrupt(.gaussian(standardDeviation: noise), stream: RandomStream.inputNoise), of: [value])
        }
        func drop(_ layer: Int, _ value: Int) -> Int {
            let probability = layer == 0 ? inputDropout : dropout
            guard probability > 0 else { return value }
            return graph.append(
                "dropout.\(layer)",
                .corrupt(.masking(probability: probability), stream: RandomStream.dropout(layer: layer)), of: [value])
        }
        for layer in layers.indices {
            value = drop(layer, value)
            value = appendEncoder(layer, of: value, parameters: [2 * layer, 2 * layer + 1], to: &graph)
            value = appendPooling(layer, of: value, to: &graph)
        }
        value = drop(layers.count, value)
        graph.append(
            "classifier", .linear(.dense(shape: [classes], isTransposed: false), activation: .linear), of: [value],
            parameters: [2 * layers.count, 2 * layers.count + 1])
        return graph
    }

    /// The linear output for each class alone, on the codes of all layers.
    package func outputGraph(classes: Int, dropout: Double) -> Graph {
        let head = NetworkSpec(inputSize: codeSize, layers: [])
        var graph = head.classifierGraph(classes: classes, inputDropout: dropout)
        // As in the whole classifier.
        graph.parameters[0].stream = UInt64(2 * layers.count)
        return graph
    }
}
