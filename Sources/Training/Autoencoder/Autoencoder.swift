import CElementwise
package import RunProtocol
package import TensorCore

/// The autoencoder of one layer, or of several at once, with all the memory that a training step needs.
///
/// The encoders lead from the lowest layer's input x to the highest's code h, the decoders back to an output y. The
/// batch's loss is the mean over samples of loss(y, x) + l1 · sum |h|.
package final class Autoencoder {
    let settings: StageSettings
    private let chain: LayerChain
    private let parameters: [ParameterSpec]
    /// The code's row of the chain.
    private let codeRow: Int
    /// How many numbers an input has.
    package let inputs: Int
    /// How many units the code has: a convolution's are its channels, each with as many activations as places.
    package let units: Int
    private let codeSize: Int

    /// - Parameters:
    ///   - layer: the lowest.
    ///   - decoders: one for each layer from there upwards.
    ///   - start: `autoencoderParameters(first: layer, decoders:)`, flat.
    package init(
        network: NetworkSpec, layer: Int, decoders: [DecoderSpec], settings: StageSettings, weights start: [Float],
        batchSize: Int, isTrained: Bool = true
    ) {
        self.settings = settings
        parameters = network.autoencoderParameters(first: layer, decoders: decoders)
        precondition(start.count == parameters.elementCount, "\(start.count) weights for another autoencoder")
        let top = layer + decoders.count - 1
        inputs = network.inputSize(ofLayer: layer)
        units = network.layers[top].units
        codeSize = network.codeSize(ofLayer: top)
        let layers = LayerChain.autoencoder(network: network, layer: layer, decoders: decoders, batchSize: batchSize)
        // As many layers lead down again as up.
        codeRow = layers.count / 2
        chain = LayerChain(layers, weights: start, batchSize: batchSize, isTrained: isTrained)
    }

    package var batchSize: Int { chain.batchSize }
    package var weights: FloatBuffer { chain.weights }
    package var gradient: FloatBuffer { chain.gradient }
    /// Where the samples that the encoder sees go (batchSize, inputs).
    package var input: UnsafeMutablePointer<Float> { chain.row(0) }
    /// The code of the last batch (batchSize, places, units).
    package var lastCode: UnsafeMutablePointer<Float> { chain.row(codeRow) }
    /// What the last batch was decoded to (batchSize, inputs).
    package var lastOutput: UnsafeMutablePointer<Float> { chain.row(chain.layers.count) }
    /// How many rows of `units` activations a sample's code has.
    var places: Int { codeSize / units }

    /// Encodes and decodes the `count` samples at `input`.
    ///
    /// - Returns: `lastOutput`.
    @discardableResult package func reconstruct(count: Int) -> UnsafeMutablePointer<Float> {
        chain.forward(count: count)
        return chain.activateLast(count: count)
    }

    /// The loss of the `count` uncorrupted samples at `input`, summed over them, without penalty.
    package func reconstructionError(count: Int) -> Double {
        chain.forward(count: count)
        return compare(with: input, count: count, delta: nil)
    }

    /// Computes the gradient of the batch's loss by all weights into `gradient`.
    ///
    /// - Parameter target: the whole samples (count, inputs), of which `input` has what the encoder sees.
    /// - Returns: the loss, penalty included, summed over the samples.
    package func computeGradient(target: UnsafeMutablePointer<Float>, count: Int) -> Double {
        chain.forward(count: count)
        var loss = compare(with: target, count: count, delta: chain.delta(chain.layers.count))
        if settings.l1 > 0 { loss += settings.l1 * ce_sum_of_absolutes(lastCode, count * codeSize) }
        chain.backward(count: count, penalty: (codeRow, Float(settings.l1 / Double(count))))
        return loss
    }

    /// - Returns: the sum over samples of the loss without penalty. Its derivative by the outputs' sums, divided by the
    ///   number of samples, goes to `delta`.
    private func compare(
        with target: UnsafeMutablePointer<Float>, count: Int, delta: UnsafeMutablePointer<Float>?
    ) -> Double {
        let last = chain.layers[chain.layers.count - 1]
        guard case .linear(_, _, _, let activation) = last.operation else { return 0 }
        let rows = count * inputs / last.columns
        let scale = 1 / Float(count)
        return switch settings.loss {
        case .meanSquaredError:
            ce_squared_error(
                lastOutput, chain.lastBias, target, rows, last.columns, activation.kernel, scale, delta)
        case .binaryCrossEntropy:
            ce_binary_cross_entropy(lastOutput, chain.lastBias, target, rows, last.columns, scale, delta)
        }
    }

    /// One step of the optimizer; then the decoders' atoms are brought back to length one where that is asked for, each
    /// while it is still in the cache.
    func step(_ optimizer: Optimizer, rate: Double) {
        var start = 0
        for parameter in parameters {
            let length = parameter.hasUnitRows ? parameter.rowLength : parameter.count
            for place in stride(from: start, to: start + parameter.count, by: length) {
                optimizer.update(
                    weights.pointer + place, gradient: gradient.pointer + place, offset: place, count: length,
                    rate: rate)
                if parameter.hasUnitRows { ce_unit_rows(weights.pointer + place, 1, length) }
            }
            start += parameter.count
        }
    }
}
