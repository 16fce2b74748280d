import CElementwise
package import RunProtocol
package import TensorCore

/// The autoencoder of one layer, or of several above each other, with all the memory that a training step needs.
///
/// The encoders lead from the lowest layer's input x to the highest's code h, the decoders back to an output y. The
/// batch's loss is the mean over samples of loss(y, x) + l1 · sum |h|. Where the settings ask for sparsity, h is what is
/// left of the code.
package final class Autoencoder {
    let settings: StageSettings
    private let chain: LayerChain
    /// What is trained, and where it begins in the flat weights.
    private let trained: [(parameter: ParameterSpec, start: Int)]
    /// The chain's first link that is trained.
    private let lowest: Int
    /// The code's row of the chain.
    private let codeRow: Int
    /// How many numbers an input has.
    package let inputs: Int
    /// How many units the code has: a convolution's are its channels, each with as many activations as places.
    package let units: Int
    private let codeSize: Int
    private let sparsifier: Sparsifier
    /// The weight of the sum of absolute activations, as far as it has risen.
    var l1: Double

    /// - Parameters:
    ///   - layer: the lowest.
    ///   - decoders: one for each layer from there upwards.
    ///   - frozenEncoders: how many encoders, from the lowest upwards, stay as they are.
    ///   - start: `autoencoderParameters(first: layer, decoders:)`, flat.
    package init(
        network: NetworkSpec, layer: Int, decoders: [DecoderSpec], frozenEncoders: Int = 0, settings: StageSettings,
        weights start: [Float], batchSize: Int, isTrained: Bool = true
    ) {
        self.settings = settings
        let parameters = network.autoencoderParameters(first: layer, decoders: decoders)
        precondition(start.count == parameters.elementCount, "\(start.count) weights for another autoencoder")
        let top = layer + decoders.count - 1
        inputs = network.inputSize(ofLayer: layer)
        units = network.layers[top].units
        codeSize = network.codeSize(ofLayer: top)
        sparsifier = Sparsifier(settings.sparsity, size: codeSize, channels: units, batchSize: batchSize)
        l1 = settings.l1
        let usesBfloat16 = isTrained && settings.precision.usesBfloat16
        let layers = LayerChain.autoencoder(
            network: network, layer: layer, decoders: decoders, batchSize: batchSize, usesBfloat16: usesBfloat16)
        // As many layers lead down again as up.
        codeRow = layers.count / 2
        let frozen = (layer..<layer + frozenEncoders).flatMap { network.encoderParameters(layer: $0) }
        let starts = parameters.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        trained = zip(parameters, starts).filter { !frozen.contains($0.0) }.map { ($0.0, $0.1) }
        lowest = layers.indices.filter { layers[$0].isLinear }[frozenEncoders]
        chain = LayerChain(
            layers, weights: start, batchSize: batchSize,
            partSize: sparsifier.looksAtBatch ? nil : LayerChain.partSize(of: layers, batchSize: batchSize),
            isTrained: isTrained)
    }

    /// Told where each step's time goes.
    var profile: StepProfile? {
        get { chain.profile }
        set { chain.profile = newValue }
    }

    package var batchSize: Int { chain.batchSize }
    package var weights: FloatBuffer { chain.weights }
    package var gradient: FloatBuffer { chain.gradient }
    /// Where the samples that the encoder sees go (batchSize, inputs).
    package var input: UnsafeMutablePointer<Float> { chain.samples }
    /// The code of the last part of the last batch (count, places, units).
    package var lastCode: UnsafeMutablePointer<Float> { chain.row(codeRow) }
    /// The derivative of the last part's loss by its outputs' sums (count, inputs).
    var outputDelta: UnsafeMutablePointer<Float> { chain.delta(chain.layers.count) }
    /// What the last part was decoded to (count, inputs).
    package var lastOutput: UnsafeMutablePointer<Float> { chain.row(chain.layers.count) }
    /// How many rows of `units` activations a sample's code has.
    var places: Int { codeSize / units }

    /// The loss of the `count` uncorrupted samples at `input`, summed over them, without penalty.
    ///
    /// - Parameters:
    ///   - lookAtWhole: is called for each part of the batch when `lastCode` is there, before it is made sparse.
    ///   - lookAtKept: is called for each part when its code is as sparse as the decoder sees it.
    package func reconstructionError(
        count: Int, lookAtWhole: (_ samples: Int) -> Void = { _ in }, lookAtKept: (_ samples: Int) -> Void = { _ in }
    ) -> Double {
        var loss = 0.0
        for part in parts(of: count) {
            chain.forward(first: part.lowerBound, count: part.count) { index, row in
                guard index == codeRow else { return }
                lookAtWhole(part.count)
                sparsifier.keepFew(of: row, samples: part.count)
            }
            lookAtKept(part.count)
            loss += compare(with: chain.row(0), count: part.count)
        }
        return loss
    }

    private func parts(of count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: chain.partSize).map { $0..<min($0 + chain.partSize, count) }
    }

    /// Computes the gradient of the batch's loss by all weights into `gradient`.
    ///
    /// - Parameters:
    ///   - target: the whole samples (count, inputs), of which `input` has what the encoder sees.
    ///   - look: is called for each part of the batch when `lastCode` is there.
    /// - Returns: the loss, penalty included, summed over the samples.
    package func computeGradient(
        target: UnsafeMutablePointer<Float>, count: Int, look: (_ samples: Int) -> Void = { _ in }
    ) -> Double {
        let share = 1 / Float(count)
        var loss = 0.0
        for part in parts(of: count) {
            chain.forward(first: part.lowerBound, count: part.count) { index, row in
                if index == codeRow { sparsifier.keepFew(of: row, samples: part.count) }
            }
            loss += compare(with: target + part.lowerBound * inputs, count: part.count, share: share)
            if l1 > 0 { loss += l1 * ce_sum_of_absolutes(lastCode, part.count * codeSize) }
            chain.backward(
                count: part.count, adding: part.lowerBound > 0, lowest: lowest,
                penalty: (codeRow, Float(l1 / Double(count)))
            ) { index, delta in
                if index == codeRow { sparsifier.backward(delta, through: lastCode, samples: part.count) }
            }
            look(part.count)
        }
        return loss
    }

    /// - Parameter share: of a sample in the batch's loss. The derivative by the outputs' sums goes to `outputDelta` where
    ///   there is one.
    /// - Returns: the sum over samples of the loss without penalty.
    private func compare(with target: UnsafeMutablePointer<Float>, count: Int, share: Float? = nil) -> Double {
        let last = chain.layers[chain.layers.count - 1]
        guard case .linear(_, _, _, let activation) = last.operation else { return 0 }
        let (scale, delta) = (share ?? 0, share == nil ? nil : outputDelta)
        return profile.measure(.loss, layer: last.name) {
            switch settings.loss {
            case .meanSquaredError:
                ce_squared_error(
                    lastOutput, chain.lastBias, target, count, inputs, activation.kernel, scale, delta)
            case .binaryCrossEntropy:
                ce_binary_cross_entropy(lastOutput, chain.lastBias, target, count, inputs, scale, delta)
            }
        }
    }

    /// Call it after weights have changed otherwise than by `step`.
    func weightsChanged() {
        chain.weightsChanged(at: 0, count: weights.count)
    }

    /// So many weights stay in the fastest cache from the optimizer's step to their rounding.
    private static let piece = 2_048

    /// One step of the optimizer for all that is trained; then the decoders' atoms are brought back to length one where
    /// that is asked for, each while it is still in the cache.
    func step(_ optimizer: Optimizer, rate: Double) {
        for (parameter, start) in trained {
            profile.measure(.optimizer, layer: parameter.name) {
                step(optimizer, rate: rate, parameter, at: start)
            }
        }
    }

    private func step(_ optimizer: Optimizer, rate: Double, _ parameter: ParameterSpec, at start: Int) {
        let decay = parameter.shape.count > 1 ? settings.weightDecay ?? 0 : 0
        let length = parameter.hasUnitRows ? parameter.rowLength : Self.piece
        for place in stride(from: start, to: start + parameter.count, by: length) {
            let count = min(length, start + parameter.count - place)
            optimizer.update(
                weights.pointer + place, gradient: gradient.pointer + place, offset: place, count: count, rate: rate,
                decay: decay)
            if parameter.hasUnitRows { ce_unit_rows(weights.pointer + place, 1, count) }
            chain.weightsChanged(at: place, count: count)
        }
    }
}

extension Precision {
    /// Whether products are computed in bfloat16 on this processor.
    var usesBfloat16: Bool {
        switch self {
        case .float32: false
        case .bfloat16: true
        case .auto: Engine.hasBfloat16
        }
    }
}
