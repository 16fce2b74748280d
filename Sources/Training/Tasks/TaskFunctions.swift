import CElementwise
package import RunProtocol
import TensorCore

/// The pure functions from a task to its result: the same arguments give the same bits, on the same kind of processor.
///
/// They run on the calling thread alone once `Engine.useOneThread()` was called there. `isCancelled` is asked at every
/// batch; `figures.seconds` is left at zero, since a clock is no function of the task.
package enum TaskFunctions {
    /// Computes the codes of `samples` after the first `layerCount` layers, in their order, a batch at a time.
    ///
    /// - Parameters:
    ///   - layerCount: at least 1.
    ///   - weights: `stackParameters(count: layerCount)`, flat.
    ///   - body: takes some samples' codes, each number as the bits of its nearest bfloat16: half the memory, and the
    ///     same bits wherever they are kept.
    package static func encode(
        _ samples: Samples, network: NetworkSpec, layerCount: Int, weights: [Float], isCancelled: () -> Bool,
        _ body: (UnsafeBufferPointer<UInt16>) throws -> Void
    ) throws {
        let batchSize = 256
        let stack = EncoderStack(network: network, layerCount: layerCount, weights: weights, batchSize: batchSize)
        let size = network.inputSize(ofLayer: layerCount)
        for start in stride(from: 0, to: samples.count, by: batchSize) {
            if isCancelled() { throw TaskCancelled() }
            let batch = (Int32(start)..<Int32(min(start + batchSize, samples.count))).map { $0 }
            samples.gather(batch[...], into: stack.input)
            let code = stack.encode(count: batch.count)
            let rounded = [UInt16](unsafeUninitializedCapacity: batch.count * size) { buffer, filled in
                filled = batch.count * size
                if let base = buffer.baseAddress { ce_to_bf16(code, filled, base) }
            }
            try rounded.withUnsafeBufferPointer(body)
        }
        withExtendedLifetime(stack) {}
    }
}

/// The encoders of some layers, one above the other, with memory for a batch between them.
final class EncoderStack {
    private let network: NetworkSpec
    private let layerCount: Int
    private let weights: FloatBuffer
    private let rows: FloatBuffer
    private let offsets: [Int]

    init(network: NetworkSpec, layerCount: Int, weights: [Float], batchSize: Int) {
        precondition(weights.count == network.stackParameters(count: layerCount).elementCount)
        self.network = network
        self.layerCount = layerCount
        self.weights = FloatBuffer(weights)
        let sizes = (0...layerCount).map { network.inputSize(ofLayer: $0) * batchSize }
        offsets = sizes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        rows = FloatBuffer(count: offsets[layerCount + 1])
    }

    /// Where the samples go (batchSize, inputSize).
    var input: UnsafeMutablePointer<Float> { rows.pointer }

    /// - Returns: the codes of the first `count` samples at `input`: (count, units of the last layer).
    func encode(count: Int) -> UnsafeMutablePointer<Float> {
        var weight = weights.pointer
        for layer in 0..<layerCount {
            let (inputs, units) = (network.inputSize(ofLayer: layer), network.layers[layer].units)
            let out = rows.pointer + offsets[layer + 1]
            MatrixProduct.multiply(
                MatrixView(rows.pointer + offsets[layer], rows: count, columns: inputs),
                MatrixView(weight, rows: inputs, columns: units), into: MatrixView(out, rows: count, columns: units))
            ce_bias_activation(out, weight + inputs * units, count, units, network.layers[layer].activation.kernel)
            weight += inputs * units + units
        }
        return rows.pointer + offsets[layerCount]
    }
}
