import CElementwise
import RunProtocol
import TensorCore

/// Keeps few activations of a batch's code: (samples, positions, channels), where a dense layer has one position.
final class SparsifyKernel: Kernel {
    private let sparsity: Sparsity
    /// Of a sample's code.
    private let size: Int
    private let channels: Int
    /// What the kernel needs: the ranks of one sample's activations as 32-bit whole numbers, or the winners of a batch.
    private let room: FloatBuffer

    init(_ sparsity: Sparsity, shape: [Int], capacity: Int) {
        self.sparsity = sparsity
        size = shape.reduce(1, *)
        channels = shape[shape.count - 1]
        room = FloatBuffer(count: Self.count(sparsity, size: size, channels: channels, capacity: capacity))
    }

    /// How many numbers it has room for.
    private static func count(_ sparsity: Sparsity, size: Int, channels: Int, capacity: Int) -> Int {
        switch sparsity {
        case .none: 0
        case .topK: size
        case .winnerTakeAll: size == channels ? 0 : capacity * channels
        }
    }

    func memory(capacity: Int) -> Int {
        Self.count(sparsity, size: size, channels: channels, capacity: capacity) * 4
    }

    /// What is not kept becomes zero.
    func forward(_ inputs: [Numbers], into code: Numbers, _ pass: Pass) {
        let samples = pass.count
        if inputs[0] != code { code.update(from: inputs[0], count: samples * size) }
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
        _: [Numbers], output code: Numbers, delta: Numbers, into inputDeltas: [Numbers?], _ pass: Pass
    ) {
        guard let out = inputDeltas[0] else { return }
        if out != delta { out.update(from: delta, count: pass.count * size) }
        if sparsity != .none { ce_zero_where_zero(out, code, pass.count * size) }
    }
}
