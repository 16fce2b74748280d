/// What training makes small: the mean over a batch's samples of a loss, and of penalties.
package struct Objective: Codable, Hashable, Sendable {
    package enum Loss: Codable, Hashable, Sendable {
        /// Of an output beside a value of the graph, summed over a sample's numbers.
        case reconstruction(ReconstructionLoss, target: Int)
        /// -ln p(class), where p is the softmax of the output; `weights`: how much the loss of each class counts. The
        /// classes are a field of the data.
        case crossEntropy(field: String, weights: ClassWeights)
    }

    /// `weight` times the sum of a value's absolute numbers.
    package struct Penalty: Codable, Hashable, Sendable {
        package var value: Int
        package var weight: Double
        /// Share of the stage, 0 ... 1, over which the weight rises linearly from zero.
        package var warmUp: Double

        package init(value: Int, weight: Double, warmUp: Double = 0) {
            (self.value, self.weight, self.warmUp) = (value, weight, warmUp)
        }
    }

    package var loss: Loss
    /// The value that the loss is of: a linear node's, which nothing else reads.
    package var output: Int
    package var penalty: Penalty?

    package init(_ loss: Loss, of output: Int, penalty: Penalty? = nil) {
        (self.loss, self.output, self.penalty) = (loss, output, penalty)
    }

    /// The field of classes that the loss reads; nil where it reads none.
    package var field: String? { if case .crossEntropy(let field, _) = loss { field } else { nil } }

    /// The values that the loss reads, beside the output.
    package var targets: Set<Int> { if case .reconstruction(_, let target) = loss { [target] } else { [] } }
}
