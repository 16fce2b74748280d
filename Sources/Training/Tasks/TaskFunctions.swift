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
        let batchSize = min(256, samples.count)
        let layers = LayerChain.encoder(network: network, count: layerCount, batchSize: batchSize)
        let chain = LayerChain(layers, weights: weights, batchSize: batchSize, isTrained: false)
        let size = network.inputSize(ofLayer: layerCount)
        for start in stride(from: 0, to: samples.count, by: batchSize) {
            if isCancelled() { throw TaskCancelled() }
            let batch = (Int32(start)..<Int32(min(start + batchSize, samples.count))).map { $0 }
            samples.gather(batch[...], into: chain.row(0))
            chain.forward(count: batch.count)
            let code = chain.activateLast(count: batch.count)
            let rounded = [UInt16](unsafeUninitializedCapacity: batch.count * size) { buffer, filled in
                filled = batch.count * size
                if let base = buffer.baseAddress { ce_to_bf16(code, filled, base) }
            }
            try rounded.withUnsafeBufferPointer(body)
        }
        withExtendedLifetime(chain) {}
    }
}
