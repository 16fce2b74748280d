import CElementwise
import RunProtocol
import TensorCore

/// Turns gradients into steps. Its state starts anew with each task.
final class Optimizer {
    private let settings: OptimizerSettings
    private let first: FloatBuffer
    private let second: FloatBuffer
    private var steps = 0
    /// beta1 and beta2 to the power of `steps`, by multiplication: no library function decides their last bit.
    private var beta1Power = 1.0
    private var beta2Power = 1.0

    /// The memory that it takes for `count` weights, in bytes.
    static func memory(_ settings: OptimizerSettings, count: Int) -> Int {
        if case .adam = settings { count * 8 } else { count * 4 }
    }

    init(_ settings: OptimizerSettings, count: Int) {
        self.settings = settings
        first = FloatBuffer(count: count)
        let isAdam = if case .adam = settings { true } else { false }
        second = FloatBuffer(count: isAdam ? count : 0)
    }

    /// Forgets the past of every `stride`-th of the flat list's weights, `count` of them from `offset` on.
    func forget(offset: Int, count: Int, stride: Int = 1) {
        for place in Swift.stride(from: offset, to: offset + count * stride, by: stride) {
            first.pointer[place] = 0
            if second.count > 0 { second.pointer[place] = 0 }
        }
    }

    /// Counts a step: call it once before the `update`s of each batch.
    func beginStep() {
        steps += 1
        if case .adam(_, let beta1, let beta2, _) = settings {
            beta1Power *= beta1
            beta2Power *= beta2
        }
    }

    /// Changes `weights` (count numbers, `offset` numbers into the flat list) by their `gradient`.
    ///
    /// Adam's bias correction is in the rate and in epsilon: with c = sqrt(1 - beta2^t), the step
    /// rate · (m / (1 - beta1^t)) / (sqrt(v) / c + epsilon) is (rate · c / (1 - beta1^t)) · m / (sqrt(v) + epsilon · c).
    func update(
        _ weights: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>, offset: Int, count: Int,
        rate: Double, decay: Double = 0
    ) {
        let shrink = Float(rate * decay)
        switch settings {
        case .adam(_, let beta1, let beta2, let epsilon):
            let correction = (1 - beta2Power).squareRoot()
            ce_adam(
                weights, gradient, first.pointer + offset, second.pointer + offset, count,
                Float(rate * correction / (1 - beta1Power)), Float(beta1), Float(beta2), Float(epsilon * correction),
                shrink)
        case .sgd(_, let momentum):
            ce_momentum(weights, gradient, first.pointer + offset, count, Float(rate), Float(momentum), shrink)
        }
    }
}
