import RunProtocol
import Training

extension LearntStack {
    /// Samples through all layers and back.
    var reconstruction: Reconstruction {
        let (graph, values) = network.autoencoderGraph(layer: 0, decoders: decoders, sparsity: sparsity ?? [])
        return Reconstruction(graph, target: values.target, output: values.output, weights: weights)
    }

    /// Codes of the highest layer decoded by all layers, from the top downwards.
    ///
    /// - Parameter codes: (count, `codeSize(ofLayer:)` of the highest layer): before it is pooled.
    /// - Returns: (count, inputSize), row-major.
    func decode(_ codes: [Float]) throws -> [Float] {
        let size = network.codeSize(ofLayer: top)
        let count = codes.count / size
        precondition(count > 0 && count * size == codes.count, "\(codes.count) numbers are no codes of \(size)")
        let samples = Samples(count: count, size: size, numbers: .float32(codes), divisor: 1)
        let work = EncodeWork(
            graph: network.decoderGraph(decoders: decoders), weights: Digest(of: []),
            data: FieldSet(count: count, fields: []))
        return try TaskFunctions.encode(
            work, weights: weights, data: TaskData([samples]), isCancelled: { false }
        ).vector
    }
}
