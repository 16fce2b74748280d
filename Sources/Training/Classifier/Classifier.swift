import CElementwise
package import RunProtocol
package import TensorCore

/// The encoder with a softmax layer above it, and all the memory that a training step needs.
///
/// Layer l maps a (B, inputs of l) to (B, units of l); the last layer is the softmax's. The loss is the mean over the
/// batch of -ln p(label).
package final class Classifier {
    let network: NetworkSpec
    let classes: Int
    let batchSize: Int
    /// `classifierParameters`, flat, and the gradient in the same order.
    package let weights: FloatBuffer
    package let gradient: FloatBuffer
    /// Each layer's input (batchSize, inputs), after dropout; the last is the softmax's output.
    private let rows: FloatBuffer
    private let deltas: FloatBuffer
    private let layers: [Layer]

    /// A dense layer: where its parts begin in the flat lists.
    struct Layer {
        let inputs: Int
        let outputs: Int
        let weight: Int
        let input: Int
        let output: Int
        var bias: Int { weight + inputs * outputs }
        var count: Int { inputs * outputs + outputs }
    }

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

    package init(network: NetworkSpec, classes: Int, weights start: [Float], batchSize: Int) {
        self.network = network
        self.classes = classes
        self.batchSize = batchSize
        let sizes = [network.inputSize] + network.layers.map(\.units) + [classes]
        var layers: [Layer] = []
        var (weight, row) = (0, 0)
        for (inputs, outputs) in zip(sizes, sizes.dropFirst()) {
            let output = row + inputs * batchSize
            layers.append(Layer(inputs: inputs, outputs: outputs, weight: weight, input: row, output: output))
            weight += inputs * outputs + outputs
            row = output
        }
        precondition(start.count == weight, "\(start.count) weights for a classifier with \(weight)")
        self.layers = layers
        weights = FloatBuffer(start)
        gradient = FloatBuffer(count: weight)
        rows = FloatBuffer(count: row + classes * batchSize)
        deltas = FloatBuffer(count: row + classes * batchSize)
    }

    var layerCount: Int { layers.count }
    /// Where the samples go (batchSize, inputSize).
    package var input: UnsafeMutablePointer<Float> { rows.pointer }
    /// The probabilities of the last batch (batchSize, classes).
    var probabilities: UnsafeMutablePointer<Float> { rows.pointer + layers[layers.count - 1].output }

    /// Runs `count` samples at `input` up to the sums of the softmax layer, without its bias.
    private func forward(count: Int, dropout: Dropout?) {
        for (index, layer) in layers.enumerated() {
            let input = rows.pointer + layer.input
            if let dropout { drop(input, layer: index, count: count * layer.inputs, dropout) }
            MatrixProduct.multiply(
                MatrixView(input, rows: count, columns: layer.inputs), weight(of: layer),
                into: MatrixView(rows.pointer + layer.output, rows: count, columns: layer.outputs))
            guard index < layers.count - 1 else { return }
            ce_bias_activation(
                rows.pointer + layer.output, weights.pointer + layer.bias, count, layer.outputs,
                network.layers[index].activation.kernel)
        }
    }

    private func drop(_ input: UnsafeMutablePointer<Float>, layer: Int, count: Int, _ dropout: Dropout) {
        let probability = layer == 0 ? dropout.input : dropout.hidden
        guard probability > 0 else { return }
        ce_drop(
            input, count, Float(probability), Float(1 / (1 - probability)), dropout.seed,
            RandomStream.dropout(layer: layer), UInt64(dropout.step) << 32, input)
    }

    private func weight(of layer: Layer) -> MatrixView {
        MatrixView(weights.pointer + layer.weight, rows: layer.inputs, columns: layer.outputs)
    }

    /// Computes the gradient of the batch's loss into `gradient`, from the top down to layer `lowest`.
    ///
    /// - Returns: the loss summed over the `labels.count` samples at `input`.
    package func computeGradient(labels: [Int32], dropout: Dropout, lowest: Int = 0) -> Double {
        let count = labels.count
        forward(count: count, dropout: dropout)
        let top = layers[layers.count - 1]
        let loss = ce_softmax_cross_entropy(
            rows.pointer + top.output, weights.pointer + top.bias, labels, count, classes, 1 / Float(count),
            deltas.pointer + top.output)
        for index in stride(from: layers.count - 1, through: lowest, by: -1) {
            backward(layers[index], index: index, count: count, dropout: dropout, isLowest: index == lowest)
        }
        return loss
    }

    private func backward(_ layer: Layer, index: Int, count: Int, dropout: Dropout, isLowest: Bool) {
        let delta = MatrixView(deltas.pointer + layer.output, rows: count, columns: layer.outputs)
        let input = MatrixView(rows.pointer + layer.input, rows: count, columns: layer.inputs)
        MatrixProduct.multiply(
            input.transposed, delta,
            into: MatrixView(gradient.pointer + layer.weight, rows: layer.inputs, columns: layer.outputs))
        ce_column_sums(delta.pointer, count, layer.outputs, gradient.pointer + layer.bias)
        guard !isLowest else { return }
        let below = deltas.pointer + layer.input
        MatrixProduct.multiply(
            delta, weight(of: layer).transposed, into: MatrixView(below, rows: count, columns: layer.inputs))
        // The same mask as on the way up; then the slope at the activation as it was before it was dropped or scaled.
        drop(below, layer: index, count: count * layer.inputs, dropout)
        let scale = dropout.hidden > 0 ? Float(1 - dropout.hidden) : 1
        if scale != 1 { ce_scale(input.pointer, count * layer.inputs, scale) }
        ce_activation_backward(
            below, input.pointer, count * layer.inputs, 0, network.layers[index - 1].activation.kernel)
    }

    /// The classes with the highest probability for `count` samples at `input`; the lowest where several have it.
    func classify(count: Int) -> [Int32] {
        forward(count: count, dropout: nil)
        let top = layers[layers.count - 1]
        return (0..<count).map { row in
            let sums = probabilities + row * classes
            let biased = (0..<classes).map { sums[$0] + weights.pointer[top.bias + $0] }
            return Int32(biased.indices.max { biased[$0] < biased[$1] } ?? 0)
        }
    }

    /// One step of the optimizer, from layer `lowest` upwards.
    func step(_ optimizer: Optimizer, rates: [Double], decay: Double, lowest: Int) {
        for (index, layer) in layers.enumerated() where index >= lowest {
            let size = layer.inputs * layer.outputs
            optimizer.update(
                weights.pointer + layer.weight, gradient: gradient.pointer + layer.weight, offset: layer.weight,
                count: size, rate: rates[index], decay: decay)
            optimizer.update(
                weights.pointer + layer.bias, gradient: gradient.pointer + layer.bias, offset: layer.bias,
                count: layer.outputs, rate: rates[index])
        }
    }
}
