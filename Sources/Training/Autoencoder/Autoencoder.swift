import CElementwise
package import RunProtocol
package import TensorCore

/// One layer's autoencoder with all the memory that a training step needs: nothing is allocated in a step.
///
/// With a batch of B samples of n numbers and m code units: code h (B, m) = act(x̃ W + b), output y (B, n) = out(h D + c);
/// W is (n, m), D is (m, n) or, tied, W transposed. The batch's loss is the mean over samples of
/// loss(y, x) + l1 · sum |h|.
package final class Autoencoder {
    package let inputs: Int
    package let units: Int
    let batchSize: Int
    let settings: StageSettings
    private let activation: Activation
    let layout: Layout
    /// `autoencoderParameters` of the layer, flat, and the gradient in the same order.
    package let weights: FloatBuffer
    package let gradient: FloatBuffer
    private let code: FloatBuffer
    private let codeGradient: FloatBuffer
    private let output: FloatBuffer
    private let outputGradient: FloatBuffer

    /// Where each tensor begins in the flat list of `autoencoderParameters`.
    struct Layout {
        let encoderWeight = 0
        let encoderBias: Int
        /// Where tied, the encoder's weight.
        let decoderWeight: Int
        let decoderBias: Int
        let count: Int

        init(inputs: Int, units: Int, isTied: Bool) {
            encoderBias = inputs * units
            let end = encoderBias + units
            decoderWeight = isTied ? 0 : end
            decoderBias = isTied ? end : end + units * inputs
            count = decoderBias + inputs
        }
    }

    package init(network: NetworkSpec, layer: Int, settings: StageSettings, weights start: [Float], batchSize: Int) {
        inputs = network.inputSize(ofLayer: layer)
        units = network.layers[layer].units
        activation = network.layers[layer].activation
        self.settings = settings
        self.batchSize = batchSize
        layout = Layout(inputs: inputs, units: units, isTied: settings.decoder == .tied)
        precondition(start.count == layout.count, "\(start.count) weights for a layer with \(layout.count)")
        weights = FloatBuffer(start)
        gradient = FloatBuffer(count: layout.count)
        code = FloatBuffer(count: batchSize * units)
        codeGradient = FloatBuffer(count: batchSize * units)
        output = FloatBuffer(count: batchSize * inputs)
        outputGradient = FloatBuffer(count: batchSize * inputs)
    }

    private var isTied: Bool { settings.decoder == .tied }
    private var encoderWeight: MatrixView { MatrixView(weights.pointer, rows: inputs, columns: units) }
    /// (units, inputs)
    private var decoderWeight: MatrixView {
        isTied
            ? encoderWeight.transposed
            : MatrixView(weights.pointer + layout.decoderWeight, rows: units, columns: inputs)
    }

    /// Encodes `count` samples `x` (count, inputs); the code lies in `lastCode` until the next call.
    func encode(_ x: FloatBuffer, count: Int) {
        let code = MatrixView(self.code.pointer, rows: count, columns: units)
        MatrixProduct.multiply(MatrixView(x.pointer, rows: count, columns: inputs), encoderWeight, into: code)
        ce_bias_activation(self.code.pointer, weights.pointer + layout.encoderBias, count, units, activation.kernel)
    }

    /// Decodes the last code and compares it with `target` (count, inputs).
    ///
    /// - Returns: the sum over samples of the loss without penalty. The gradient by the outputs' sums, divided by the
    ///   number of samples, is kept for `backward` where `forTraining`.
    private func decode(target: FloatBuffer, count: Int, forTraining: Bool) -> Double {
        MatrixProduct.multiply(
            MatrixView(code.pointer, rows: count, columns: units), decoderWeight,
            into: MatrixView(output.pointer, rows: count, columns: inputs))
        let bias = weights.pointer + layout.decoderBias
        let delta = forTraining ? outputGradient.pointer : nil
        let scale = 1 / Float(count)
        return switch settings.loss {
        case .meanSquaredError:
            ce_squared_error(
                output.pointer, bias, target.pointer, count, inputs, settings.outputActivation.kernel, scale, delta)
        case .binaryCrossEntropy:
            ce_binary_cross_entropy(output.pointer, bias, target.pointer, count, inputs, scale, delta)
        }
    }

    /// The loss of `count` uncorrupted samples, summed over them, without penalty.
    package func reconstructionError(_ x: FloatBuffer, count: Int) -> Double {
        encode(x, count: count)
        return decode(target: x, count: count, forTraining: false)
    }

    /// Computes the gradient of the batch's loss by all weights into `gradient`.
    ///
    /// - Parameters:
    ///   - x: what the encoder sees (count, inputs), corrupted or not.
    ///   - target: the whole samples (count, inputs).
    /// - Returns: the loss, penalty included, summed over the samples.
    package func computeGradient(
        _ x: FloatBuffer, target: FloatBuffer, count: Int
    ) -> Double {
        encode(x, count: count)
        var loss = decode(target: target, count: count, forTraining: true)
        if settings.l1 > 0 { loss += settings.l1 * ce_sum_of_absolutes(code.pointer, count * units) }
        backward(x, count: count)
        return loss
    }

    private func backward(_ x: FloatBuffer, count: Int) {
        let code = MatrixView(self.code.pointer, rows: count, columns: units)
        let codeDelta = MatrixView(codeGradient.pointer, rows: count, columns: units)
        let outputDelta = MatrixView(outputGradient.pointer, rows: count, columns: inputs)
        let encoderGradient = MatrixView(gradient.pointer, rows: inputs, columns: units)
        ce_column_sums(outputGradient.pointer, count, inputs, gradient.pointer + layout.decoderBias)
        MatrixProduct.multiply(outputDelta, decoderWeight.transposed, into: codeDelta)
        ce_activation_backward(
            codeGradient.pointer, self.code.pointer, count * units, Float(settings.l1 / Double(count)),
            activation.kernel)
        ce_column_sums(codeGradient.pointer, count, units, gradient.pointer + layout.encoderBias)
        MatrixProduct.multiply(
            MatrixView(x.pointer, rows: count, columns: inputs).transposed, codeDelta, into: encoderGradient)
        if isTied {
            MatrixProduct.multiply(outputDelta.transposed, code, into: encoderGradient, adding: true)
        } else {
            MatrixProduct.multiply(
                code.transposed, outputDelta,
                into: MatrixView(gradient.pointer + layout.decoderWeight, rows: units, columns: inputs))
        }
    }

    /// The code of the last batch (batchSize, units).
    package var lastCode: UnsafeMutablePointer<Float> { code.pointer }
    /// What the last batch was decoded to (batchSize, inputs).
    package var lastOutput: UnsafeMutablePointer<Float> { output.pointer }

    /// One step of the optimizer; then the decoder's atoms are brought back to length one where that is asked for, each
    /// while it is still in the cache.
    func step(_ optimizer: Optimizer, rate: Double) {
        func update(_ start: Int, _ count: Int) {
            optimizer.update(
                weights.pointer + start, gradient: gradient.pointer + start, offset: start, count: count, rate: rate)
        }
        guard settings.decoder == .unitNorm else { return update(0, layout.count) }
        update(0, layout.decoderWeight)
        for unit in 0..<units {
            let atom = layout.decoderWeight + unit * inputs
            update(atom, inputs)
            ce_unit_rows(weights.pointer + atom, 1, inputs)
        }
        update(layout.decoderBias, inputs)
    }
}
