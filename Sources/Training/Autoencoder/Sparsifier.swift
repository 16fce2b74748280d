import CElementwise
import RunProtocol
import TensorCore

/// Keeps few activations of a batch's code: (samples, places, channels), where a dense layer has one place.
struct Sparsifier {
    private let sparsity: Sparsity
    /// Of a sample's code.
    private let size: Int
    private let channels: Int
    /// What the kernel needs: the ranks of one sample's activations as 32-bit whole numbers, or the winners of a batch.
    private let room: FloatBuffer

    init(_ sparsity: Sparsity, size: Int, channels: Int, batchSize: Int) {
        self.sparsity = sparsity
        self.size = size
        self.channels = channels
        let count = Self.count(sparsity, size: size, channels: channels, batchSize: batchSize)
        room = FloatBuffer(count: count)
    }

    /// How many numbers it has room for.
    static func count(_ sparsity: Sparsity, size: Int, channels: Int, batchSize: Int) -> Int {
        switch sparsity {
        case .none: 0
        case .topK: size
        case .winnerTakeAll: size == channels ? 0 : batchSize * channels
        }
    }

    /// Whether what is kept of a sample depends on the others of its batch.
    var looksAtBatch: Bool {
        if case .winnerTakeAll = sparsity { true } else { false }
    }

    /// What is not kept becomes zero.
    func keepFew(of code: UnsafeMutablePointer<Float>, samples: Int) {
        switch sparsity {
        case .none: break
        case .topK(let count):
            room.pointer.withMemoryRebound(to: UInt32.self, capacity: size) {
                ce_keep_in_rows(code, samples, size, count, $0)
            }
        case .winnerTakeAll(let share):
            let keep = max(1, Int((share * Double(samples)).rounded(.up)))
            ce_keep_winners(code, samples, size / channels, channels, keep, room.pointer)
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
