import CElementwise
package import RunProtocol
package import TensorCore

/// Computes a graph on batches of samples, and the derivative of a loss by its parameters.
package final class GraphExecutor {
    let graph: Graph
    let plan: ValuePlan
    let parameters: ParameterMemory
    private let kernels: [any Kernel]
    private let values: FloatBuffer
    private let deltas: FloatBuffer
    /// Of a value that several nodes read: what each of them but the first adds.
    private let shared: FloatBuffer
    /// Where each node's inputs lie, of the part at hand.
    private var nodeInputs: [[Numbers]]
    /// Where the samples of the part at hand begin.
    private var firstSample = 0
    private var pass = Pass(count: 0, isTraining: false)
    private var derived: [Derivation] = []

    /// - Parameters:
    ///   - weights: of all parameters, flat.
    ///   - samplesAtOnce: how many samples of a batch are computed at a time; nil for all.
    ///   - trained: the parameters that a loss is derived by; none where nothing is trained.
    ///   - objective: of which the loss is computed; nil where values alone are wanted.
    package init(
        _ graph: Graph, weights: [Float], batchSize: Int, samplesAtOnce: Int? = nil, trained: Set<Int> = [],
        objective: Objective? = nil, usesBfloat16: Bool = false
    ) throws(GraphProblem) {
        precondition(weights.count == graph.parameters.elementCount, "\(weights.count) weights for another graph")
        plan = try ValuePlan(
            graph, batchSize: batchSize, samplesAtOnce: samplesAtOnce, trained: trained,
            targets: objective?.targets ?? [])
        self.graph = graph
        parameters = ParameterMemory(weights, isTrained: !trained.isEmpty, usesBfloat16: usesBfloat16)
        kernels = try KernelFactory(
            graph: graph, plan: plan, parameters: parameters, objective: objective, usesBfloat16: usesBfloat16
        ).kernels()
        let values = FloatBuffer(count: plan.count)
        self.values = values
        deltas = FloatBuffer(count: plan.deltaCount)
        shared = FloatBuffer(count: plan.sharedCount)
        nodeInputs = graph.nodes.map { $0.inputs.map { _ in values.pointer } }
        selectSamples(from: 0)
        if let objective { derived = derivations(from: objective.output) }
    }

    /// The memory that one takes, in bytes.
    static func memory(
        _ graph: Graph, batchSize: Int, samplesAtOnce: Int? = nil, trained: Set<Int> = [],
        objective: Objective? = nil, usesBfloat16: Bool = false
    ) throws(GraphProblem) -> Int {
        let count = graph.parameters.elementCount
        let plan = try ValuePlan(
            graph, batchSize: batchSize, samplesAtOnce: samplesAtOnce, trained: trained,
            targets: objective?.targets ?? [])
        // Kernels for a sample know what they take for more.
        let small = try ValuePlan(
            graph, batchSize: 1, samplesAtOnce: 1, trained: trained, targets: objective?.targets ?? [])
        let kernels = try KernelFactory(
            graph: graph, plan: small, parameters: ParameterMemory([], isTrained: false, usesBfloat16: false),
            objective: objective, usesBfloat16: usesBfloat16
        ).kernels()
        let own = kernels.enumerated().reduce(0) {
            $0 + $1.element.memory(capacity: plan.capacity(of: graph.inputs.count + $1.offset))
        }
        return plan.bytes + own + count * (trained.isEmpty ? 4 : 8) + (usesBfloat16 ? count * 2 : 0)
    }

    package var batchSize: Int { plan.batchSize }
    package var weights: FloatBuffer { parameters.weights }
    package var gradient: FloatBuffer { parameters.gradient }

    var profile: StepProfile? {
        didSet { for case let kernel as LinearKernel in kernels { kernel.profile = profile } }
    }

    /// Where the samples of a whole batch go (batchSize, size).
    package func input(_ index: Int) -> Numbers { values.pointer + plan.starts[index] }

    /// A value of the part at hand (count, size).
    package func value(_ index: Int) -> Numbers {
        let first = plan.isWhole[index] ? firstSample * plan.sizes[index] : 0
        return values.pointer + plan.starts[index] + first
    }

    /// The derivative of the loss by a value of the part at hand.
    func delta(_ index: Int) -> Numbers { deltas.pointer + plan.deltaStarts[index] }

    /// The kernel of a linear node's value.
    func linear(_ index: Int) -> LinearKernel {
        guard index >= graph.inputs.count, let kernel = kernels[index - graph.inputs.count] as? LinearKernel
        else { preconditionFailure("value \(index) is not that of a linear node") }
        return kernel
    }

    private func selectSamples(from first: Int) {
        firstSample = first
        for (index, node) in graph.nodes.enumerated() {
            for (place, input) in node.inputs.enumerated() { nodeInputs[index][place] = value(input) }
        }
    }

    // MARK: Forward

    /// The `count` samples of a batch are in the inputs' places: random operations change them, in all parts at once.
    package func beginBatch(count: Int, isTraining: Bool = false, seed: UInt64 = 0, step: Int = 0) {
        precondition(count <= plan.batchSize)
        selectSamples(from: 0)
        pass = Pass(count: count, isTraining: isTraining, seed: seed, step: step)
        for (index, kernel) in kernels.enumerated() where plan.isWhole[graph.inputs.count + index] {
            kernel.forward(nodeInputs[index], into: value(graph.inputs.count + index), pass)
        }
    }

    /// The parts that a batch of `count` samples goes through in.
    func parts(of count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: plan.partSize).map { $0..<min($0 + plan.partSize, count) }
    }

    /// Computes all values of a part.
    /// - Parameter look: is called with each value as soon as it is there, before an operation works in its place.
    package func forward(_ part: Range<Int>, look: (_ value: Int) -> Void = { _ in }) {
        selectSamples(from: part.lowerBound)
        pass.count = part.count
        pass.isAdding = part.lowerBound > 0
        for (index, kernel) in kernels.enumerated() {
            let value = graph.inputs.count + index
            guard !plan.isWhole[value] else { continue }
            kernel.forward(nodeInputs[index], into: self.value(value), pass)
            look(value)
        }
    }

    // MARK: Backward

    /// How a node is derived.
    private struct Derivation {
        let node: Int
        let value: Int
        /// Where the derivative by each input goes; nil where none is asked for.
        let places: [Numbers?]
        /// Inputs whose derivative another node has begun: what this one adds.
        let added: [(input: Int, place: Numbers)]
    }

    /// All that is derived, from the last node to the first, where the loss is of value `output`.
    private func derivations(from output: Int) -> [Derivation] {
        var isThere: Set<Int> = [output]
        return graph.nodes.indices.reversed().compactMap { index in
            let value = graph.inputs.count + index
            guard isThere.contains(value), plan.isDerived[value] else { return nil }
            var place = shared.pointer
            var (places, added): ([Numbers?], [(input: Int, place: Numbers)]) = ([], [])
            for input in graph.nodes[index].inputs {
                guard plan.isDerived[input] else {
                    places.append(nil)
                    continue
                }
                if isThere.insert(input).inserted {
                    places.append(delta(input))
                } else {
                    places.append(place)
                    added.append((input, place))
                    place += plan.sizes[input] * plan.partSize
                }
            }
            return Derivation(node: index, value: value, places: places, added: added)
        }
    }

    /// Computes the derivative by all parameters that are trained, from that by the objective's output, which is in its
    /// place.
    /// - Parameter penalty: what the penalized value's absolute numbers count.
    func backward(penalty: Float) {
        pass.penalty = penalty
        for step in derived {
            kernels[step.node].backward(
                nodeInputs[step.node], output: value(step.value), delta: delta(step.value), into: step.places, pass)
            for (input, place) in step.added { ce_add(delta(input), place, pass.count * plan.sizes[input]) }
        }
    }

    /// Call it after `count` weights from `place` on have changed.
    func weightsChanged(at place: Int, count: Int) { parameters.weightsChanged(at: place, count: count) }

    func replaceWeights(by new: [Float]) {
        weights.pointer.update(from: new, count: new.count)
        weightsChanged(at: 0, count: new.count)
    }
}
