import RunProtocol
import TensorCore

/// One link of a chain of layers: what goes in, what comes out, and where its weights lie in the flat list.
struct ChainLayer {
    enum Operation {
        /// activation(x · weight + bias), the bias the same for each of a picture's places.
        case linear(any LinearMap, weight: Int, bias: Int, activation: Activation)
        case pool(MaxPool)
        case unpool(Unpool)
    }

    let operation: Operation
    let inputSize: Int
    let outputSize: Int
    /// The length of the bias: `outputSize` of a dense layer, the channels of a picture.
    let columns: Int
    /// A layer further on uses the same weight: the derivative is added to what it has left there.
    var sharesWeight = false

    var isLinear: Bool {
        if case .linear = operation { true } else { false }
    }

    var usesBfloat16: Bool {
        guard case .linear(let map, _, _, _) = operation else { return false }
        return map is Bfloat16DenseMap
    }

    /// What it has of its own for batches of `batchSize` samples, in bytes.
    func memory(batchSize: Int) -> Int {
        switch operation {
        case .linear(let map, _, _, _): map.memory(batchSize: batchSize)
        case .pool(let pool): pool.memory(batchSize: batchSize)
        case .unpool: 0
        }
    }

    /// What a profile calls it.
    var name: String { "\(inputSize) > \(outputSize)" }
}

/// How a chain's batches are computed.
private struct BatchForm {
    let size: Int
    /// Dense layers multiply in bfloat16.
    let usesBfloat16: Bool

    func dense(inputs: Int, outputs: Int, isTransposed: Bool = false) -> any LinearMap {
        usesBfloat16
            ? Bfloat16DenseMap(inputs: inputs, outputs: outputs, isTransposed: isTransposed, batchSize: size)
            : DenseMap(inputs: inputs, outputs: outputs, isTransposed: isTransposed)
    }
}

extension LayerChain {
    /// How many numbers the largest row of a part has: so many stay in the second cache from one layer to the next, which
    /// gained a tenth in a step of 28 x 28 pictures. The same on every processor, since sums depend on it.
    private static let partNumbers = 1 << 17

    /// How many samples of a batch to compute at a time: all, where a dense layer would have its large weight read and its
    /// gradient written anew for each part.
    static func partSize(of layers: [ChainLayer], batchSize: Int) -> Int {
        let hasDense = layers.contains { $0.isLinear && $0.columns == $0.outputSize }
        guard !hasDense, let largest = layers.map({ max($0.inputSize, $0.outputSize) }).max() else { return batchSize }
        var size = 8
        while size * 2 * largest <= partNumbers { size *= 2 }
        return min(size, batchSize)
    }

    /// Encoders and decoders of the layers from `layer` upwards, one for each of `decoders`. The weights are their
    /// `autoencoderParameters`.
    ///
    /// - Parameter usesBfloat16: whether dense layers multiply in bfloat16.
    static func autoencoder(
        network: NetworkSpec, layer: Int, decoders: [DecoderSpec], batchSize: Int, usesBfloat16: Bool = false
    ) -> [ChainLayer] {
        let counts = decoders.enumerated().map {
            network.autoencoderParameters(layer: layer + $0, decoder: $1.constraint).elementCount
        }
        let starts = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        let shared = Set(decoders.indices.filter { decoders[$0].constraint == .tied }.map { starts[$0] })
        let form = BatchForm(size: batchSize, usesBfloat16: usesBfloat16)
        var encoder = network.encoderChain(
            layers: layer..<layer + decoders.count, starts: starts, poolsLast: false, form)
        for index in encoder.indices {
            guard case .linear(_, let weight, _, _) = encoder[index].operation else { continue }
            encoder[index].sharesWeight = shared.contains(weight)
        }
        return encoder + network.decoderChain(first: layer, decoders: decoders, starts: starts, form)
    }

    /// The encoders of the first `count` layers. The weights are their `stackParameters`.
    static func encoder(network: NetworkSpec, count: Int, batchSize: Int) -> [ChainLayer] {
        let counts = (0..<count).map { network.encoderParameters(layer: $0).elementCount }
        let starts = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        return network.encoderChain(
            layers: 0..<count, starts: starts, poolsLast: true, BatchForm(size: batchSize, usesBfloat16: false))
    }
}

extension NetworkSpec {
    /// The encoders of `layers`, one above the other.
    ///
    /// - Parameters:
    ///   - starts: where each layer's weights begin in the flat list.
    ///   - poolsLast: whether the last layer's code is pooled too.
    fileprivate func encoderChain(layers range: Range<Int>, starts: [Int], poolsLast: Bool, _ form: BatchForm)
        -> [ChainLayer]
    {
        zip(range, starts).flatMap { layer, start in
            let pools = poolsLast || layer + 1 < range.upperBound
            return [encoderLayer(layer, start: start, form)] + (pools ? poolLayers(layer, form) : [])
        }
    }

    private func encoderLayer(_ layer: Int, start: Int, _ form: BatchForm) -> ChainLayer {
        let parameters = encoderParameters(layer: layer)
        let inputs = inputSize(ofLayer: layer)
        let outputs = codeSize(ofLayer: layer)
        let map: any LinearMap =
            convolutionShape(layer).map { ConvolutionMap($0) } ?? form.dense(inputs: inputs, outputs: outputs)
        return ChainLayer(
            operation: .linear(
                map, weight: start, bias: start + parameters[0].count, activation: layers[layer].activation),
            inputSize: inputs, outputSize: outputs, columns: layers[layer].units)
    }

    private func poolLayers(_ layer: Int, _ form: BatchForm) -> [ChainLayer] {
        guard let (image, window) = pooling(layer) else { return [] }
        return [
            ChainLayer(
                operation: .pool(MaxPool(image, window: window, batchSize: form.size)), inputSize: image.count,
                outputSize: inputSize(ofLayer: layer + 1), columns: image.channels)
        ]
    }

    private func unpoolLayers(_ layer: Int) -> [ChainLayer] {
        guard let (image, window) = pooling(layer) else { return [] }
        return [
            ChainLayer(
                operation: .unpool(Unpool(image: image, window: window)), inputSize: inputSize(ofLayer: layer + 1),
                outputSize: image.count, columns: image.channels)
        ]
    }

    private func pooling(_ layer: Int) -> (ImageShape, window: Int)? {
        guard let window = layers[layer].window, window.pooling > 1, let image = image(ofLayer: layer) else {
            return nil
        }
        return (window.output(of: image, channels: layers[layer].units), window.pooling)
    }

    /// The decoders of the layers from `first` upwards, one for each of `decoders`, from the top downwards.
    fileprivate func decoderChain(first: Int, decoders: [DecoderSpec], starts: [Int], _ form: BatchForm) -> [ChainLayer]
    {
        decoders.indices.reversed().flatMap { index in
            (index + 1 < decoders.count ? unpoolLayers(first + index) : [])
                + [decoderLayer(first + index, decoders[index], start: starts[index], form)]
        }
    }

    private func decoderLayer(_ layer: Int, _ decoder: DecoderSpec, start: Int, _ form: BatchForm) -> ChainLayer {
        let counts = autoencoderParameters(layer: layer, decoder: decoder.constraint).map(\.count)
        let isTied = decoder.constraint == .tied
        let bias = start + counts.dropLast().reduce(0, +)
        return ChainLayer(
            operation: .linear(
                decoderMap(layer, isTied: isTied, form),
                weight: isTied ? start : start + counts[0] + counts[1], bias: bias, activation: decoder.activation),
            inputSize: codeSize(ofLayer: layer), outputSize: inputSize(ofLayer: layer),
            columns: counts[counts.count - 1])
    }

    private func decoderMap(_ layer: Int, isTied: Bool, _ form: BatchForm) -> any LinearMap {
        guard let window = layers[layer].window, let image = image(ofLayer: layer) else {
            return form.dense(
                inputs: layers[layer].units, outputs: inputSize(ofLayer: layer), isTransposed: isTied)
        }
        if window.decoder == .transposed, let shape = convolutionShape(layer) {
            return ConvolutionMap(shape, isTransposed: true)
        }
        let shape = ConvolutionShape(
            inputHeight: image.height, inputWidth: image.width, inputChannels: layers[layer].units,
            outputChannels: image.channels, kernel: window.kernel, stride: 1, hasInputMajorWeight: true)
        return UpsamplingMap(shape, factor: window.stride, batchSize: form.size)
    }

    private func convolutionShape(_ layer: Int) -> ConvolutionShape? {
        guard let window = layers[layer].window, let image = image(ofLayer: layer) else { return nil }
        return ConvolutionShape(
            inputHeight: image.height, inputWidth: image.width, inputChannels: image.channels,
            outputChannels: layers[layer].units, kernel: window.kernel, stride: window.stride)
    }
}
