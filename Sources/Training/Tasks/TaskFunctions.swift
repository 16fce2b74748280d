package import RunProtocol
import TensorCore

/// The pure functions from a task to its result: the same arguments give the same bits, on the same kind of processor.
///
/// They run on the calling thread alone once `Engine.useOneThread()` was called there. `isCancelled` is asked at every
/// batch; `figures.seconds` is left at zero, since a clock is no function of the task.
package enum TaskFunctions {
    /// The codes of `samples` after the first `layerCount` layers.
    ///
    /// - Parameter weights: `stackParameters(count: layerCount)`, flat.
    /// - Returns: (count, size of the last of these layers' codes), or the samples themselves where `layerCount` is 0.
    package static func encode(
        _ samples: Samples, network: NetworkSpec, layerCount: Int, weights: [Float], isCancelled: () -> Bool
    ) throws(TaskCancelled) -> Samples {
        guard layerCount > 0 else { return samples }
        let batchSize = min(256, samples.count)
        let layers = LayerChain.encoder(network: network, count: layerCount, batchSize: batchSize)
        let chain = LayerChain(layers, weights: weights, batchSize: batchSize, isTrained: false)
        let size = network.inputSize(ofLayer: layerCount)
        var codes = [Float](repeating: 0, count: samples.count * size)
        for batch in batches(of: Array(0..<Int32(samples.count)), size: batchSize) {
            if isCancelled() { throw TaskCancelled() }
            samples.gather(batch, into: chain.row(0))
            chain.forward(count: batch.count)
            let code = chain.activateLast(count: batch.count)
            codes.withUnsafeMutableBufferPointer { all in
                guard let base = all.baseAddress else { return }
                (base + batch.startIndex * size).update(from: code, count: batch.count * size)
            }
        }
        return Samples(count: samples.count, size: size, numbers: .float32(codes), divisor: 1)
    }
}
