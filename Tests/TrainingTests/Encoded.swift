import RunProtocol
import Training

extension TaskFunctions {
    /// The codes of `samples` in memory.
    static func codes(
        of samples: Samples, network: NetworkSpec, layerCount: Int, weights: [Float]
    ) throws -> Samples {
        var numbers: [UInt16] = []
        try encode(samples, network: network, layerCount: layerCount, weights: weights, isCancelled: { false }) {
            numbers += $0
        }
        return Samples(
            count: samples.count, size: network.inputSize(ofLayer: layerCount), numbers: .bfloat16(numbers), divisor: 1)
    }
}
