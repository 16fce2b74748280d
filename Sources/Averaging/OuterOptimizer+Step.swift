package import RunProtocol

extension OuterOptimizer {
    /// The next weights.
    /// - Parameters:
    ///   - weights: where the round started, flat; changed to where the next one starts.
    ///   - momentum: as the round before left it, or empty at a stage's start; changed likewise. Stays empty for `mean`.
    ///   - delta: the averaged update.
    ///   - parameters: which tensors lie in `weights`; those with unit rows are brought back to them.
    package func step(
        _ weights: inout [Float], momentum: inout [Float], delta: [Float], parameters: [ParameterSpec]
    ) {
        precondition(weights.count == delta.count && weights.count == parameters.elementCount)
        switch self {
        case .mean: for index in weights.indices { weights[index] += delta[index] }
        case .nesterov(let learningRate, let factor):
            if momentum.isEmpty { momentum = [Float](repeating: 0, count: weights.count) }
            let (rate, keep) = (Float(learningRate), Float(factor))
            for index in weights.indices {
                momentum[index] = keep * momentum[index] + delta[index]
                weights[index] += rate * (delta[index] + keep * momentum[index])
            }
        }
        weights.withUnsafeMutableBufferPointer { all in
            var offset = 0
            for parameter in parameters {
                if parameter.hasUnitRows {
                    let part = UnsafeMutableBufferPointer(rebasing: all[offset..<offset + parameter.count])
                    UnitRows.project(part, columns: parameter.rowLength)
                }
                offset += parameter.count
            }
        }
    }
}
