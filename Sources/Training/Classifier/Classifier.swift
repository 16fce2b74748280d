import CElementwise
package import RunProtocol
package import TensorCore

/// The encoder with a softmax layer above it, and all the memory that a training step needs.
///
/// The loss is the mean over the batch of -ln p(label).
package final class Classifier {
    let network: NetworkSpec
    let classes: Int
    private let chain: LayerChain
    /// `classifierParameters`, flat: a weight and a bias for each layer of the network, then the softmax layer's.
    private let parameters: [ParameterSpec]
    /// Where in the chain the network's layers and the softmax layer are: pooling stands between them.
    private let places: [Int]

    /// Drops inputs of layers while training: layer 0's by `input`, the others' by `hidden`.
    package struct Dropout {
        let input: Double
        let hidden: Double
        let seed: UInt64
        let step: Int

        package init(input: Double, hidden: Double, seed: UInt64, step: Int) {
            self.input = input
            self.hidden = hidden
            self.seed = seed
            self.step = step
        }
    }

    package init(network: NetworkSpec, classes: Int, weights start: [Float], batchSize: Int, isTrained: Bool = true) {
        self.network = network
        self.classes = classes
        parameters = network.classifierParameters(classes: classes)
        precondition(start.count == parameters.elementCount, "\(start.count) weights for another classifier")
        let layers = Self.layers(network, classes: classes, batchSize: batchSize)
        places = layers.indices.filter { index in
            if case .linear = layers[index].operation { true } else { false }
        }
        chain = LayerChain(layers, weights: start, batchSize: batchSize, isTrained: isTrained)
    }

    /// The encoder's layers and the softmax layer's sums.
    private static func layers(_ network: NetworkSpec, classes: Int, batchSize: Int) -> [ChainLayer] {
        let encoder = LayerChain.encoder(network: network, count: network.layers.count, batchSize: batchSize)
        let stack = network.stackParameters(count: network.layers.count).elementCount
        let softmax = ChainLayer(
            operation: .linear(
                DenseMap(inputs: network.codeSize, outputs: classes), weight: stack,
                bias: stack + network.codeSize * classes, activation: .linear),
            inputSize: network.codeSize, outputSize: classes, columns: classes)
        return encoder + [softmax]
    }

    /// The memory that one takes, in bytes.
    static func memory(_ network: NetworkSpec, classes: Int, batchSize: Int, isTrained: Bool) -> Int {
        LayerChain.memory(
            layers(network, classes: classes, batchSize: 1),
            weightCount: network.classifierParameters(classes: classes).elementCount, batchSize: batchSize,
            isTrained: isTrained)
    }

    package var weights: FloatBuffer { chain.weights }
    package var gradient: FloatBuffer { chain.gradient }
    /// The network's layers and the softmax layer.
    var layerCount: Int { places.count }
    var batchSize: Int { chain.batchSize }
    /// Where the samples go (batchSize, inputSize).
    package var input: UnsafeMutablePointer<Float> { chain.row(0) }
    /// The probabilities of the last batch (batchSize, classes).
    private var probabilities: UnsafeMutablePointer<Float> { chain.row(chain.layers.count) }

    private func drop(_ row: UnsafeMutablePointer<Float>, place: Int, count: Int, _ dropout: Dropout) {
        guard let layer = places.firstIndex(of: place) else { return }
        let probability = layer == 0 ? dropout.input : dropout.hidden
        guard probability > 0 else { return }
        ce_drop(
            row, count * chain.layers[place].inputSize, Float(probability), Float(1 / (1 - probability)),
            dropout.seed, RandomStream.dropout(layer: layer), UInt64(dropout.step) << 32, row)
    }

    /// Computes the gradient of the batch's loss into `gradient`, from the top down to layer `lowest`.
    ///
    /// - Parameter importance: how much each sample's loss counts; nil for 1.
    /// - Returns: the loss summed over the `labels.count` samples at `input`.
    package func computeGradient(
        labels: [Int32], importance: [Float]? = nil, dropout: Dropout, lowest: Int = 0
    ) -> Double {
        let count = labels.count
        chain.forward(count: count) { index, row in drop(row, place: index, count: count, dropout) }
        let loss = ce_softmax_cross_entropy(
            probabilities, chain.lastBias, labels, importance, count, classes, 1 / Float(count),
            chain.delta(chain.layers.count))
        let scale = Float(1 - dropout.hidden)
        chain.backward(count: count, lowest: places[lowest]) { index, delta in
            guard places.contains(index), scale != 1 else { return }
            // The same mask as on the way up; the slope is that at the activation before it was dropped or scaled.
            drop(delta, place: index, count: count, dropout)
            ce_scale(chain.row(index), count * chain.layers[index].inputSize, scale)
        }
        return loss
    }

    /// Looks at the samples at `input`, one for each of `labels`, without dropout.
    ///
    /// - Returns: the sum of -ln p(label), and all probabilities (samples, classes).
    func evaluate(labels: [Int32]) -> (loss: Double, probabilities: [Float]) {
        chain.forward(count: labels.count)
        let loss = ce_softmax_cross_entropy(
            probabilities, chain.lastBias, labels, nil, labels.count, classes, 0, nil)
        return (loss, Array(UnsafeBufferPointer(start: probabilities, count: labels.count * classes)))
    }

    func replaceWeights(by values: [Float]) {
        weights.pointer.update(from: values, count: values.count)
    }

    /// The classes with the highest probability for `count` samples at `input`; the lowest where several have it.
    func classify(count: Int) -> [Int32] {
        chain.forward(count: count)
        let sums = chain.activateLast(count: count)
        return (0..<count).map { row in
            let own = UnsafeBufferPointer(start: sums + row * classes, count: classes)
            return Int32(own.indices.max { own[$0] < own[$1] } ?? 0)
        }
    }

    /// One step of the optimizer, from layer `lowest` upwards.
    ///
    /// - Parameter maxNorm: how long a unit's incoming weights can be after it; nil for any length.
    func step(_ optimizer: Optimizer, rates: [Double], decay: Double, maxNorm: Double? = nil, lowest: Int) {
        var start = 0
        for (index, parameter) in parameters.enumerated() {
            defer { start += parameter.count }
            // Each layer has a weight, which decays, and a bias, which does not.
            let (layer, isBias) = (index / 2, index % 2 == 1)
            guard layer >= lowest else { continue }
            optimizer.update(
                weights.pointer + start, gradient: gradient.pointer + start, offset: start, count: parameter.count,
                rate: rates[layer], decay: isBias ? 0 : decay)
            if let maxNorm, !isBias, rates[layer] > 0 { limit(parameter, at: weights.pointer + start, to: maxNorm) }
        }
    }

    /// A dense unit's incoming weights are a column of (inputs, units), a convolution's a row of (units, ...).
    private func limit(_ parameter: ParameterSpec, at start: UnsafeMutablePointer<Float>, to length: Double) {
        if parameter.shape.count == 2 {
            var squares = [Double](repeating: 0, count: parameter.shape[1])
            ce_limit_columns(start, parameter.shape[0], parameter.shape[1], Float(length), &squares)
        } else {
            var squares = 0.0
            for row in stride(from: 0, to: parameter.count, by: parameter.rowLength) {
                ce_limit_columns(start + row, parameter.rowLength, 1, Float(length), &squares)
            }
        }
    }
}
