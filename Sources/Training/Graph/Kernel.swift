import CElementwise
import RunProtocol
import TensorCore

/// An operation on batches, with the memory that it has of its own. A value is (count, size), row-major; an image in it
/// lies (height, width, channels).
protocol Kernel: AnyObject {
    /// Computes the output. Where both lie in the same place, the input is changed.
    func forward(_ inputs: [Numbers], into output: Numbers, _ pass: Pass)
    /// Computes the derivative by each input for which `inputDeltas` has a place, and by the parameters, from that by the
    /// output, after `forward` of the same samples. `delta` may be changed.
    func backward(
        _ inputs: [Numbers], output: Numbers, delta: Numbers, into inputDeltas: [Numbers?], _ pass: Pass)
    /// The memory that it has of its own for `capacity` samples at a time, in bytes.
    func memory(capacity: Int) -> Int
}

extension Kernel {
    func memory(capacity: Int) -> Int { 0 }
}

/// What all kernels are told of the samples at hand.
struct Pass {
    /// How many samples.
    var count: Int
    /// Else random operations are left out.
    var isTraining: Bool
    /// Of the task, and how many steps it has done: random numbers follow from both.
    var seed: UInt64 = 0
    var step = 0
    /// Whether gradients of parameters are added to those of the batch's earlier parts.
    var isAdding = false
    /// What the penalized value's absolute numbers count in a sample's part of the loss.
    var penalty: Float = 0

    /// Each step has 2^32 blocks of random numbers to itself.
    var firstBlock: UInt64 { UInt64(step) << 32 }
}

/// A graph's weights, flat in the order of its parameters, and their gradient.
final class ParameterMemory {
    let weights: FloatBuffer
    let gradient: FloatBuffer
    /// The weights rounded to bfloat16, for maps that multiply with them.
    private let rounded: Bfloat16Buffer?

    init(_ start: [Float], isTrained: Bool, usesBfloat16: Bool) {
        weights = FloatBuffer(start)
        gradient = FloatBuffer(count: isTrained ? start.count : 0)
        rounded = usesBfloat16 ? Bfloat16Buffer(start) : nil
    }

    func weight(at place: Int) -> LayerWeight {
        LayerWeight(numbers: weights.pointer + place, bfloat16: rounded.map { $0.pointer + place })
    }

    /// Call it after `count` weights from `place` on have changed.
    func weightsChanged(at place: Int, count: Int) {
        if let rounded { ce_to_bf16(weights.pointer + place, count, rounded.pointer + place) }
    }
}

/// Values beside each other: the channels of each position, one input's after the other's.
final class ConcatenateKernel: Kernel {
    private let positions: Int
    private let channels: [Int]
    private let all: Int

    init(inputs: [[Int]]) {
        positions = inputs[0].dropLast().reduce(1, *)
        channels = inputs.map { $0[$0.count - 1] }
        all = channels.reduce(0, +)
    }

    func forward(_ inputs: [Numbers], into output: Numbers, _ pass: Pass) {
        forEachRow(pass.count) { input, from, to, count in
            (output + to).update(from: inputs[input] + from, count: count)
        }
    }

    func backward(
        _: [Numbers], output _: Numbers, delta: Numbers, into inputDeltas: [Numbers?], _ pass: Pass
    ) {
        forEachRow(pass.count) { input, from, to, count in
            if let own = inputDeltas[input] { (own + from).update(from: delta + to, count: count) }
        }
    }

    /// Calls `body` with an input's channels of one position: where they begin in it and in the output.
    private func forEachRow(_ samples: Int, _ body: (_ input: Int, _ from: Int, _ to: Int, _ count: Int) -> Void) {
        for row in 0..<samples * positions {
            var place = row * all
            for (input, count) in channels.enumerated() {
                body(input, row * count, place, count)
                place += count
            }
        }
    }
}

/// An activation function on each value.
final class ActivateKernel: Kernel {
    private let size: Int
    private let activation: Activation
    private let zeros: FloatBuffer

    init(size: Int, _ activation: Activation) {
        (self.size, self.activation) = (size, activation)
        zeros = FloatBuffer([Float](repeating: 0, count: size))
    }

    func forward(_ inputs: [Numbers], into output: Numbers, _ pass: Pass) {
        output.update(from: inputs[0], count: pass.count * size)
        ce_bias_activation(output, zeros.pointer, pass.count, size, activation.kernel)
    }

    func backward(_: [Numbers], output: Numbers, delta: Numbers, into inputDeltas: [Numbers?], _ pass: Pass) {
        ce_activation_backward(delta, output, pass.count * size, 0, activation.kernel)
        inputDeltas[0]?.update(from: delta, count: pass.count * size)
    }

    func memory(capacity: Int) -> Int { size * 4 }
}

extension Activation {
    var kernel: ce_activation {
        switch self {
        case .relu: CE_RELU
        case .sigmoid: CE_SIGMOID
        case .tanh: CE_TANH
        case .linear: CE_LINEAR
        }
    }
}
