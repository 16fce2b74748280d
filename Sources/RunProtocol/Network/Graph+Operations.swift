extension Graph {
    /// Multiply-accumulates of a linear node for one sample, for each of its inputs; none of any other.
    /// - Parameter shapes: of all values.
    private func multiplyAccumulates(_ node: Node, _ value: Int, _ shapes: [[Int]]) -> [Double] {
        guard case .linear(let linear, _) = node.operation else { return [] }
        return node.inputs.map { input in
            let weights = Double(linear.weightShape(of: shapes[input]).reduce(1, *))
            let positions =
                switch linear {
                case .dense: 1
                case .convolution, .upsampledConvolution: shapes[value][0] * shapes[value][1]
                case .transposedConvolution: shapes[input][0] * shapes[input][1]
                }
            return weights * Double(positions)
        }
    }

    /// Floating-point operations of the products that computing all values takes, for one sample; multiply-adds count as
    /// two.
    package var operations: Double {
        guard let shapes = try? shapes() else { return 0 }
        return 2
            * nodes.enumerated().reduce(0) { sum, element in
                multiplyAccumulates(element.element, inputs.count + element.offset, shapes).reduce(sum, +)
            }
    }

    /// The same of a training step: each product is computed once forward, once for the weight's gradient where something at
    /// or below it is trained, and once for each input that depends on what is trained.
    package func trainingOperations(trained: Set<Int>) -> Double {
        guard let shapes = try? shapes() else { return 0 }
        let isDerived = parametersBelow.map { !$0.isDisjoint(with: trained) }
        return 2
            * nodes.enumerated().reduce(0) { sum, element in
                let (index, node) = element
                let products = multiplyAccumulates(node, inputs.count + index, shapes)
                let times = isDerived[inputs.count + index] ? 2.0 : 1
                return zip(node.inputs, products).reduce(sum) { $0 + $1.1 * (times + (isDerived[$1.0] ? 1 : 0)) }
            }
    }

    /// How many numbers linear nodes read and how many they write, for one sample.
    package var linearNumbers: (read: Int, written: Int) {
        guard let sizes = try? shapes().map({ $0.reduce(1, *) }) else { return (0, 0) }
        return nodes.enumerated().reduce((0, 0)) { sum, element in
            let (index, node) = element
            guard case .linear = node.operation else { return sum }
            return (node.inputs.reduce(sum.0) { $0 + sizes[$1] }, sum.1 + sizes[inputs.count + index])
        }
    }
}
