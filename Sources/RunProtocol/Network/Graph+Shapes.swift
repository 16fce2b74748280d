/// Why a graph cannot be computed.
package struct GraphProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}

extension Graph {
    /// The shape of each value, for one sample.
    /// - Throws: whenever nodes do not fit together, a parameter has another shape than its node needs, or a size is beyond
    ///   the limits. Then nothing that is computed from the sizes can overflow.
    package func shapes() throws(GraphProblem) -> [[Int]] {
        guard (1...Limits.fields).contains(inputs.count), nodes.count <= Limits.nodes,
            parameters.count <= Limits.tensors
        else { throw GraphProblem("a graph has 1 to \(Limits.fields) inputs and at most \(Limits.nodes) nodes") }
        var shapes: [[Int]] = []
        for input in inputs { shapes.append(try input.shape.checked(input.field)) }
        for node in nodes {
            guard !node.inputs.isEmpty, Set(node.inputs).count == node.inputs.count,
                node.inputs.allSatisfy({ shapes.indices.contains($0) }),
                node.parameters.allSatisfy({ parameters.indices.contains($0) })
            else { throw GraphProblem("\(node.name) reads what is not there") }
            let shape = try node.shape(of: node.inputs.map { shapes[$0] })
            shapes.append(try shape.checked(node.name))
            try checkParameters(of: node, inputs: node.inputs.map { shapes[$0] }, output: shape)
        }
        guard parameters.elementCountWithinLimits
        else { throw GraphProblem("a graph has at most \(Limits.parameters) weights") }
        return shapes
    }

    private func checkParameters(of node: Node, inputs: [[Int]], output: [Int]) throws(GraphProblem) {
        let own = node.parameters.map { parameters[$0].shape }
        guard case .linear(let linear, _) = node.operation else {
            guard own.isEmpty else { throw GraphProblem("\(node.name) has no parameters") }
            return
        }
        let expected = inputs.map { linear.weightShape(of: $0) } + [[linear.biasCount(output: output)]]
        guard own == expected
        else { throw GraphProblem("\(node.name) has parameters of \(own); it needs \(expected)") }
    }
}

extension Graph.Node {
    /// The shape of its result.
    fileprivate func shape(of inputs: [[Int]]) throws(GraphProblem) -> [Int] {
        let first = inputs[0]
        switch operation {
        case .linear(let linear, _):
            let shapes = Set(inputs.map { linear.outputShape(of: $0) })
            guard shapes.count == 1, let shape = shapes.first, let shape else { break }
            return shape
        case .maxPool(let window):
            guard inputs.count == 1, first.count == 3, (1...Limits.pooling).contains(window) else { break }
            return [first[0].divided(by: window), first[1].divided(by: window), first[2]]
        case .upsample(let factor, let height, let width):
            guard inputs.count == 1, first.count == 3, (1...Limits.pooling).contains(factor),
                (1...Limits.imageSide).contains(height), (1...Limits.imageSide).contains(width),
                height.divided(by: factor) == first[0], width.divided(by: factor) == first[1]
            else { break }
            return [height, width, first[2]]
        case .concatenate:
            guard inputs.allSatisfy({ $0.count == first.count && $0.dropLast() == first.dropLast() }) else { break }
            return first.dropLast() + [inputs.reduce(0) { $0 + $1[$1.count - 1] }]
        case .activate, .corrupt: if inputs.count == 1 { return first }
        case .sparsify(let sparsity): if inputs.count == 1, sparsity.isPossible { return first }
        case .shift(let most, _):
            if inputs.count == 1, first.count == 3, (1...Limits.shift).contains(most) { return first }
        }
        throw GraphProblem("\(name) cannot read \(inputs.map { "\($0)" }.joined(separator: " and "))")
    }
}

extension LinearOperation {
    /// - Returns: nil where it cannot read such a value.
    fileprivate func outputShape(of input: [Int]) -> [Int]? {
        let limits = 1...Limits.kernel
        switch self {
        case .dense(let shape, _): return shape
        case .convolution(let channels, let kernel, let stride):
            guard input.count == 3, limits.contains(kernel), (1...Limits.stride).contains(stride) else { return nil }
            return [input[0].divided(by: stride), input[1].divided(by: stride), channels]
        case .transposedConvolution(let image, let kernel, let step),
            .upsampledConvolution(let image, let kernel, let step):
            guard input.count == 3, limits.contains(kernel), (1...Limits.stride).contains(step), image.isWithinLimits,
                image.height.divided(by: step) == input[0], image.width.divided(by: step) == input[1]
            else { return nil }
            return image.shape
        }
    }

    /// Of the weight for an input.
    package func weightShape(of input: [Int]) -> [Int] {
        let count = input.reduce(1, *)
        return switch self {
        case .dense(let shape, let isTransposed):
            isTransposed ? [shape.reduce(1, *), count] : [count, shape.reduce(1, *)]
        case .convolution(let channels, let kernel, _): [channels, input[input.count - 1], kernel, kernel]
        case .transposedConvolution(let image, let kernel, _), .upsampledConvolution(let image, let kernel, _):
            [input[input.count - 1], image.channels, kernel, kernel]
        }
    }

    /// How many numbers the bias has: one for each output of a dense node, one for each channel of an image.
    package func biasCount(output: [Int]) -> Int {
        if case .dense = self { output.reduce(1, *) } else { output[output.count - 1] }
    }
}

extension [Int] {
    fileprivate func checked(_ name: String) throws(GraphProblem) -> [Int] {
        let isPossible = count == 1 || count == 3
        var size = 1
        for side in self where (1...Limits.sampleSize).contains(side) && size <= Limits.sampleSize { size *= side }
        guard isPossible, allSatisfy({ (1...Limits.sampleSize).contains($0) }), size <= Limits.sampleSize
        else { throw GraphProblem("\(name) has the impossible shape \(self)") }
        return self
    }
}

extension [ParameterSpec] {
    fileprivate var elementCountWithinLimits: Bool {
        var count = 0
        for parameter in self {
            guard (1...4).contains(parameter.shape.count),
                parameter.shape.allSatisfy({ (1...Limits.parameters).contains($0) })
            else { return false }
            let (size, overflow) = parameter.shape.reduce((1, false)) { product, side in
                let (size, overflow) = product.0.multipliedReportingOverflow(by: side)
                return (size, product.1 || overflow)
            }
            guard !overflow, size <= Limits.parameters else { return false }
            count += size
        }
        return count <= Limits.parameters
    }
}

extension Int {
    /// How many windows of `step` positions there are, the last one perhaps not whole.
    package func divided(by step: Int) -> Int { (self + step - 1) / step }
}
