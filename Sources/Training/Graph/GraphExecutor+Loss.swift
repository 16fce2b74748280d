import CElementwise
package import RunProtocol
import TensorCore

/// What a batch's loss depends on beside its values.
package struct LossContext {
    let objective: Objective
    /// Of each sample of the batch, where the loss is of classes.
    var classes: [Int32]
    /// How much each sample's loss counts; nil: all as 1.
    var importance: [Float]?
    /// What the penalized value's absolute numbers count, as far as that has risen.
    var penalty: Double

    package init(
        objective: Objective, classes: [Int32] = [], importance: [Float]? = nil, penalty: Double = 0
    ) {
        (self.objective, self.classes, self.importance, self.penalty) = (objective, classes, importance, penalty)
    }
}

extension GraphExecutor {
    /// Computes the gradient of the batch's mean loss by all trained parameters into `gradient`, after `beginBatch`.
    /// - Parameter look: is called for each part of the batch when its values are there.
    /// - Returns: the loss, penalty included, summed over the samples.
    package func computeGradient(
        count: Int, _ context: LossContext, look: (_ samples: Int) -> Void = { _ in }
    ) -> Double {
        let penalized = context.objective.penalty
        var loss = 0.0
        for part in parts(of: count) {
            forward(part)
            loss += self.loss(part, context, share: 1 / Float(count))
            if let penalized, context.penalty > 0 {
                loss +=
                    context.penalty
                    * ce_sum_of_absolutes(value(penalized.value), part.count * plan.sizes[penalized.value])
            }
            backward(penalty: Float(context.penalty / Double(count)))
            look(part.count)
        }
        return loss
    }

    /// The loss of a part, without penalty, summed over its samples, after `forward`.
    /// - Parameter share: of a sample in the batch's loss: the derivative by the output's sums is computed too. Nil: it is
    ///   not.
    func loss(_ part: Range<Int>, _ context: LossContext, share: Float? = nil) -> Double {
        let output = context.objective.output
        let (kernel, sums, columns) = (linear(output), value(output), plan.sizes[output])
        let delta = share != nil && plan.isDerived[output] ? self.delta(output) : nil
        return profile.measure(.loss, layer: kernel.title) {
            switch context.objective.loss {
            case .reconstruction(.meanSquaredError, let target):
                ce_squared_error(
                    sums, kernel.wholeBias, value(target), part.count, columns, kernel.activation.kernel, share ?? 0,
                    delta)
            case .reconstruction(.binaryCrossEntropy, let target):
                ce_binary_cross_entropy(
                    sums, kernel.wholeBias, value(target), part.count, columns, share ?? 0, delta)
            case .crossEntropy:
                context.classes[part].withUnsafeBufferPointer { classes in
                    context.importance.withPart(part) { importance in
                        ce_softmax_cross_entropy(
                            sums, kernel.wholeBias, classes.baseAddress, importance, part.count, columns, share ?? 0,
                            delta)
                    }
                }
            }
        }
    }
}

extension [Float]? {
    fileprivate func withPart<Result>(_ part: Range<Int>, _ body: (UnsafePointer<Float>?) -> Result) -> Result {
        guard let self else { return body(nil) }
        return self[part].withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
