import CElementwise
import RunProtocol
import TensorCore

/// Layers one after the other, with all the memory that a batch needs: nothing is allocated in a step.
///
/// Row i is layer i's input; the last row is the chain's output. Of the last layer only the sums are computed, without
/// bias: whoever uses them adds the bias, with its loss or its activation.
///
/// A batch goes through in parts of `partSize` samples, one after the other in the same memory: row 0 has all samples of
/// the batch, each other row those of the part at hand.
final class LayerChain {
    let layers: [ChainLayer]
    let batchSize: Int
    let partSize: Int
    /// All weights, flat, and the gradient in the same order.
    let weights: FloatBuffer
    let gradient: FloatBuffer
    /// The weights rounded to bfloat16, for maps that multiply with them.
    private let bfloat16Weights: Bfloat16Buffer?
    private let rows: FloatBuffer
    private let deltas: FloatBuffer
    private let starts: [Int]
    /// Of the part at hand.
    private var firstSample = 0
    /// Room for `lastBias` where the last layer gives pictures.
    private let wideBias: FloatBuffer
    var profile: StepProfile?

    /// - Parameters:
    ///   - partSize: nil for whole batches.
    ///   - isTrained: whether `backward` will be called.
    init(_ layers: [ChainLayer], weights start: [Float], batchSize: Int, partSize: Int? = nil, isTrained: Bool) {
        self.layers = layers
        self.batchSize = batchSize
        self.partSize = partSize ?? batchSize
        weights = FloatBuffer(start)
        gradient = FloatBuffer(count: isTrained ? start.count : 0)
        bfloat16Weights = layers.contains(where: \.usesBfloat16) ? Bfloat16Buffer(start) : nil
        starts = Self.starts(of: layers, batchSize: batchSize, partSize: self.partSize)
        wideBias = FloatBuffer(count: layers.last.map { $0.columns < $0.outputSize ? $0.outputSize : 0 } ?? 0)
        let count = starts[layers.count + 1]
        rows = FloatBuffer(count: count)
        deltas = FloatBuffer(count: isTrained ? count : 0)
    }

    /// Where each row begins in the memory of all rows, and where the last one ends.
    private static func starts(of layers: [ChainLayer], batchSize: Int, partSize: Int) -> [Int] {
        var starts = [0]
        for (index, layer) in layers.enumerated() {
            starts.append(starts[index] + layer.inputSize * (index == 0 ? batchSize : partSize))
        }
        return starts + [starts[layers.count] + (layers.last?.outputSize ?? 0) * partSize]
    }

    /// The memory that a chain takes, in bytes.
    ///
    /// - Parameters:
    ///   - layers: may have been made for smaller batches.
    ///   - weightCount: how many weights it has.
    static func memory(
        _ layers: [ChainLayer], weightCount: Int, batchSize: Int, partSize: Int? = nil, isTrained: Bool
    ) -> Int {
        let rows = starts(of: layers, batchSize: batchSize, partSize: partSize ?? batchSize)[layers.count + 1]
        let rounded = layers.contains(where: \.usesBfloat16) ? weightCount * 2 : 0
        return (weightCount + rows) * (isTrained ? 8 : 4) + rounded
            + layers.reduce(0) { $0 + $1.memory(batchSize: batchSize) }
    }

    /// The samples of the whole batch (batchSize, inputSize).
    var samples: Numbers { rows.pointer }

    /// Row `index`, 0 ... layers.count, of the part at hand.
    func row(_ index: Int) -> Numbers {
        index == 0 ? samples + firstSample * layers[0].inputSize : rows.pointer + starts[index]
    }

    private func weight(at place: Int) -> LayerWeight {
        LayerWeight(numbers: weights.pointer + place, bfloat16: bfloat16Weights.map { $0.pointer + place })
    }

    /// Call it after `count` weights from `place` on have changed.
    func weightsChanged(at place: Int, count: Int) {
        if let bfloat16Weights {
            ce_to_bf16(weights.pointer + place, count, bfloat16Weights.pointer + place)
        }
    }

    /// The derivative of the loss by row `index`: for the last row by its sums, before bias and activation.
    func delta(_ index: Int) -> Numbers { deltas.pointer + starts[index] }

    /// The bias of the last layer, one number for each of a sample's outputs: a picture's is the same at each place.
    var lastBias: Numbers {
        let last = layers[layers.count - 1]
        guard case .linear(_, _, let bias, _) = last.operation else {
            preconditionFailure("the last layer of a chain is linear")
        }
        guard last.columns < last.outputSize else { return weights.pointer + bias }
        for place in 0..<last.outputSize { wideBias.pointer[place] = weights.pointer[bias + place % last.columns] }
        return wideBias.pointer
    }

    // MARK: Forward

    /// Runs the `count` samples from `first` on through all layers.
    ///
    /// - Parameter prepare: changes a row before its layer reads it.
    func forward(first: Int = 0, count: Int, prepare: (_ index: Int, _ row: Numbers) -> Void = { _, _ in }) {
        precondition(count <= partSize && first + count <= batchSize)
        firstSample = first
        for (index, layer) in layers.enumerated() {
            let (input, output) = (row(index), row(index + 1))
            prepare(index, input)
            switch layer.operation {
            case .linear(let map, let weight, _, _):
                profile.measure(.forwardProduct, layer: layer.name) {
                    map.forward(input, weight: self.weight(at: weight), into: output, count: count)
                }
                if index < layers.count - 1 { activate(index, count: count) }
            case .pool(let pool): pool.forward(input, into: output, count: count)
            case .unpool(let unpool): unpool.forward(input, into: output, count: count)
            }
        }
    }

    /// Adds the last layer's bias and applies its activation.
    ///
    /// - Returns: the last row.
    @discardableResult func activateLast(count: Int) -> Numbers {
        activate(layers.count - 1, count: count)
        return row(layers.count)
    }

    private func activate(_ index: Int, count: Int) {
        let layer = layers[index]
        guard case .linear(_, _, let bias, let activation) = layer.operation else { return }
        profile.measure(.biasAndActivation, layer: layer.name) {
            ce_bias_activation(
                row(index + 1), weights.pointer + bias, count * layer.outputSize / layer.columns, layer.columns,
                activation.kernel)
        }
    }

    // MARK: Backward

    /// Computes the gradient by the weights of the layers from `lowest` upwards, from the derivative in the last delta.
    ///
    /// - Parameters:
    ///   - adding: whether it is added to the gradient of the batch's earlier parts.
    ///   - penalty: row `penalty.row` adds `penalty.weight` times the sum of its absolute numbers to the loss.
    ///   - prepare: changes the delta of a row below a layer, before the row's own activation is derived.
    func backward(
        count: Int, adding: Bool = false, lowest: Int = 0, penalty: (row: Int, weight: Float)? = nil,
        prepare: (_ index: Int, _ delta: Numbers) -> Void = { _, _ in }
    ) {
        for index in stride(from: layers.count - 1, through: lowest, by: -1) {
            let layer = layers[index]
            switch layer.operation {
            case .linear(let map, let weight, let bias, let activation):
                profile.measure(.slopeAndBiasGradient, layer: layer.name) {
                    if index < layers.count - 1 {
                        let l1 = penalty?.row == index + 1 ? penalty?.weight ?? 0 : 0
                        ce_activation_backward(
                            delta(index + 1), row(index + 1), count * layer.outputSize, l1, activation.kernel)
                    }
                    ce_column_sums(
                        delta(index + 1), count * layer.outputSize / layer.columns, layer.columns, adding,
                        gradient.pointer + bias)
                }
                profile.measure(.weightGradient, layer: layer.name) {
                    map.weightGradient(
                        row(index), delta: delta(index + 1), into: gradient.pointer + weight, count: count,
                        adding: adding || layer.sharesWeight)
                }
                guard index > lowest else { return }
                profile.measure(.inputGradient, layer: layer.name) {
                    map.inputGradient(
                        delta(index + 1), weight: self.weight(at: weight), into: delta(index), count: count)
                }
            case .pool(let pool): pool.inputGradient(delta(index + 1), into: delta(index), count: count)
            case .unpool(let unpool): unpool.inputGradient(delta(index + 1), into: delta(index), count: count)
            }
            prepare(index, delta(index))
        }
    }
}
