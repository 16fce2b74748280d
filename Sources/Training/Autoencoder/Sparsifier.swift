import CElementwise
import RunProtocol
import TensorCore

/// Keeps few activations of a batch's code: (samples, places, channels), where a dense layer has one place.
struct Sparsifier {
    private let sparsity: Sparsity
    /// Of a sample's code.
    private let size: Int
    private let channels: Int
    /// Room for the ranks of one sample's activations, as 32-bit whole numbers.
    private let ranks: FloatBuffer

    init(_ sparsity: Sparsity, size: Int, channels: Int) {
        self.sparsity = sparsity
        self.size = size
        self.channels = channels
        if case .topK = sparsity { ranks = FloatBuffer(count: size) } else { ranks = FloatBuffer(count: 0) }
    }

    /// What is not kept becomes zero.
    func keepFew(of code: UnsafeMutablePointer<Float>, samples: Int) {
        switch sparsity {
        case .none: break
        case .topK(let count):
            ranks.pointer.withMemoryRebound(to: UInt32.self, capacity: size) {
                ce_keep_in_rows(code, samples, size, count, $0)
            }
        case .winnerTakeAll(let share):
            let keep = max(1, Int((share * Double(samples)).rounded(.up)))
            ce_keep_winners(code, samples, size / channels, channels, keep)
        }
    }

    /// No gradient flows through what was not kept, whatever the activation's slope at zero is.
    func backward(
        _ gradient: UnsafeMutablePointer<Float>, through code: UnsafeMutablePointer<Float>, samples: Int
    ) {
        guard sparsity != .none else { return }
        ce_zero_where_zero(gradient, code, samples * size)
    }
}
