import RunProtocol

/// Makes the kernels of a graph's nodes.
struct KernelFactory {
    let graph: Graph
    let plan: ValuePlan
    let parameters: ParameterMemory
    let objective: Objective?
    let usesBfloat16: Bool

    /// - Throws: whenever the objective is of a value that has no such loss.
    func kernels() throws(GraphProblem) -> [any Kernel] {
        if let objective { try check(objective) }
        let starts = graph.parameterStarts
        // Derivatives are computed from the last node to the first.
        var seen: Set<Int> = []
        var kernels: [any Kernel] = []
        for (index, node) in graph.nodes.enumerated().reversed() {
            let value = graph.inputs.count + index
            if case .linear(let linear, let activation) = node.operation {
                kernels.append(self.linear(linear, activation, node, value, starts, seen: seen))
                seen.formUnion(node.parameters)
            } else {
                kernels.append(other(node, value))
            }
        }
        return kernels.reversed()
    }

    private func check(_ objective: Objective) throws(GraphProblem) {
        let readers = graph.nodes.flatMap(\.inputs)
        guard case .linear? = graph.node(of: objective.output)?.operation, !readers.contains(objective.output)
        else { throw GraphProblem("a loss is of a linear node that no other reads") }
        if let penalty = objective.penalty {
            guard case .linear? = graph.node(of: plan.places[penalty.value])?.operation,
                penalty.value != objective.output
            else { throw GraphProblem("a penalty is on a linear node's value below the loss") }
        }
    }

    private func linear(
        _ linear: LinearOperation, _ activation: Activation, _ node: Graph.Node, _ value: Int, _ starts: [Int],
        seen: Set<Int>
    ) -> LinearKernel {
        let (output, capacity) = (plan.shapes[value], plan.capacity(of: value))
        let parts = zip(node.inputs, node.parameters).map { input, parameter in
            LinearKernel.Part(
                map: linear.map(
                    of: plan.shapes[input], output: output, usesBfloat16: usesBfloat16, capacity: capacity),
                weight: starts[parameter], isShared: seen.contains(parameter))
        }
        let isPenalized = objective?.penalty.map { plan.places[$0.value] == value } ?? false
        let inputs = node.inputs.reduce(0) { $0 + plan.sizes[$1] }
        let bias = node.parameters[node.parameters.count - 1]
        return LinearKernel(
            parts, bias: (starts[bias], seen.contains(bias)), outputSize: plan.sizes[value],
            columns: linear.biasCount(output: output), activation: activation, memory: parameters,
            leavesSums: objective?.output == value, isPenalized: isPenalized, capacity: capacity,
            title: "\(inputs) > \(plan.sizes[value])")
    }

    private func other(_ node: Graph.Node, _ value: Int) -> any Kernel {
        let (input, output) = (plan.shapes[node.inputs[0]], plan.shapes[value])
        let capacity = plan.capacity(of: value)
        return switch node.operation {
        case .linear: preconditionFailure("linear nodes have kernels of their own")
        case .maxPool(let window): MaxPoolKernel(ImageShape(input), window: window, capacity: capacity)
        case .upsample(let factor, _, _): UpsampleKernel(ImageShape(output), factor: factor)
        case .concatenate: ConcatenateKernel(inputs: node.inputs.map { plan.shapes[$0] })
        case .activate(let activation): ActivateKernel(size: plan.sizes[value], activation)
        case .corrupt(let corruption, let stream): CorruptKernel(size: plan.sizes[value], corruption, stream: stream)
        case .shift(let most, let stream): ShiftKernel(ImageShape(output), most: most, stream: stream)
        case .sparsify(let sparsity): SparsifyKernel(sparsity, shape: output, capacity: capacity)
        }
    }
}

extension ImageShape {
    /// - Parameter shape: (height, width, channels).
    fileprivate init(_ shape: [Int]) { self.init(height: shape[0], width: shape[1], channels: shape[2]) }
}
